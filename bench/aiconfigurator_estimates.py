"""Estimates of NVIDIA AIConfigurator for the vLLM rows, one JSON object a line.

Reads rows (a JSON array of input columns) from stdin. Uses the public API of the PyPI package alone; the measurements
that the package carries are never opened. A row that it cannot answer says why.
"""

import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from aiconfigurator.cli.api import cli_estimate  # noqa: E402

# What it calls every Llama of this size.
LLAMA_70B = "meta-llama/Meta-Llama-3.1-70B"
SYSTEMS = {"H100-SXM-80GB": "h100_sxm", "H200-SXM-141GB": "h200_sxm", "B200-SXM-180GB": "b200_sxm"}
# Formats of rows whose checkpoint is named in BF16; of the others the tool reads the checkpoint's config.json.
GEMM = {"bf16": "bfloat16", "fp8": "fp8"}
CACHE = {"bf16": "bfloat16", "fp8": "fp8"}


def number(row, name, default=0.0):
    return float(row.get(name) or default)


def estimate(row):
    # Lengths are uniform between ratio x nominal and nominal: the tool takes one length, so the mean.
    share = (1 + number(row, "range_ratio", 1)) / 2
    rate = number(row, "request_rate")
    # Open arrivals: the batch that Little's law gives at the measured gap, the best input the tool can get.
    concurrency = number(row, "concurrency") or rate * number(row, "itl_ms_mean") * number(row, "osl") / 1000
    is_llama = "Llama-" in row["model"]
    experts = {
        "moe_tp_size": int(number(row, "moe_tp", 1)),
        "moe_ep_size": int(number(row, "moe_ep", 1)),
        "attention_dp_size": int(number(row, "attention_dp", 1)),
    }
    result = cli_estimate(
        LLAMA_70B if is_llama else row["model"],
        SYSTEMS[row["gpu"]],
        backend_name="vllm",
        isl=round(number(row, "isl") * share),
        osl=round(number(row, "osl") * share),
        prefix=round(number(row, "cached_prefix_tokens")),
        batch_size=max(1, round(concurrency)),
        tp_size=int(number(row, "tp", 1)),
        pp_size=int(number(row, "pp", 1)),
        kvcache_quant_mode=CACHE[row["kv_cache_dtype"]],
        **({"gemm_quant_mode": GEMM[row["precision"]]} if is_llama else {}),
        **(experts if row.get("moe") else {}),
    )
    return {"ttft_ms_mean": result.ttft, "itl_ms_mean": result.tpot}


def main():
    for row in json.load(sys.stdin):
        try:
            answer = estimate(row)
        except Exception as error:  # noqa: BLE001 - whatever the tool raises is its answer for this row
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps({"id": row["id"], **answer}), flush=True)


main()
