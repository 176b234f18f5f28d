#!/usr/bin/python3
"""Stands in for NVIDIA's dcgm-exporter where there is no GPU: its flags, and its lines with the labels of release 4.8.

Serves the fields of the collectors file and no others, so that an alert on a field that the file lacks would be silent.
Values are those of a healthy GPU; /run/dcgm.json lays others over them.
"""

import argparse
import csv
import json
import pathlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GPUS = 2
OTHERS = pathlib.Path("/run/dcgm.json")
HEALTHY = {
    "DCGM_FI_DEV_FB_USED": 72000,
    "DCGM_FI_DEV_FB_FREE": 9000,
    "DCGM_FI_DEV_FB_RESERVED": 500,
    "DCGM_FI_DEV_GPU_TEMP": 48,
    "DCGM_FI_DEV_POWER_USAGE": 240,
    "DCGM_FI_DEV_SM_CLOCK": 1980,
    "DCGM_FI_PROF_NVLINK_TX_BYTES": 2e10,
    "DCGM_FI_PROF_NVLINK_RX_BYTES": 2e10,
}

parser = argparse.ArgumentParser()
parser.add_argument("-f", "--collectors", required=True)
parser.add_argument("-a", "--address", default=":9400")
options = parser.parse_args()
with open(options.collectors, encoding="utf-8") as file:
    counters = [[cell.strip() for cell in row] for row in csv.reader(file) if row and not row[0].startswith("#")]


# What DCGM watches; release 4.8 tells each with its error.
WATCHES = ["PCIE", "NVLINK", "PMU", "MCU", "MEM", "SM", "INFOROM", "THERMAL", "POWER", "DRIVER", "ALL"]


def labels(gpu: int, field: str, own: dict) -> str:
    more = own or {"DCGM_FI_DEV_XID_ERRORS": {"err_code": "0", "err_msg": "No Error"},
            "DCGM_EXP_XID_ERRORS_COUNT": {"window_size_in_ms": "300000", "xid": "0"}}.get(field, {})
    pairs = {"gpu": gpu, "UUID": f"GPU-{gpu:08x}-0000-0000-0000-000000000000", "pci_bus_id": f"00000000:{gpu + 1:02X}:00.0",
             "device": f"nvidia{gpu}", "modelName": "NVIDIA H100 80GB HBM3", "hostname": "host", **more}
    return ",".join(f'{name}="{value}"' for name, value in pairs.items())


def samples(field: str, values: dict) -> list:
    """Labels of a field's own, and the value, for each line of a GPU; `down` in the file is a link that is."""
    if field != "DCGM_EXP_GPU_HEALTH_STATUS":
        return [({}, values.get(field, 0))]
    down = {"NVLINK"} if values.get("down") else set()
    return [({"health_watch": watch, "health_error_code": "DCGM_FR_NVLINK_DOWN" if watch in down else "DCGM_FR_OK"},
             20 if watch in down else 0) for watch in WATCHES]


class Metrics(BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        values = {**HEALTHY, **(json.loads(OTHERS.read_text()) if OTHERS.exists() else {})}
        lines = []
        for field, kind, text in counters:
            lines += [f"# HELP {field} {text}", f"# TYPE {field} {kind}"]
            lines += [f"{field}{{{labels(gpu, field, own)}}} {value}"
                      for gpu in range(GPUS) for own, value in samples(field, values)]
        body = ("\n".join(lines) + "\n").encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


host, _, port = options.address.rpartition(":")
ThreadingHTTPServer((host.strip("[]"), int(port)), Metrics).serve_forever()
