"""What NVIDIA's AIConfigurator says about closed-loop vLLM rows: one JSON object a line on standard output.

Standard input: the rows as CSV with the columns of bench/data/calibration-cases.csv. The tool wants one batch size and
one prompt length, so a row's concurrency is the batch and its mean lengths are the lengths; GEMM and KV precision are
the row's. It knows no arrival rate: rows that are driven by one are left out. Its shipped end-to-end measurements are
not touched.
"""

import csv
import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

from aiconfigurator.cli.api import cli_estimate  # noqa: E402

MODELS = {"70B": "meta-llama/Meta-Llama-3.1-70B", "8B": "meta-llama/Meta-Llama-3.1-8B"}
PRECISIONS = {"bf16": "bfloat16", "fp8": "fp8"}


def model_of(row):
    return next((path for size, path in MODELS.items() if size in row["model"]), None)


def estimate(row):
    share = (1 + float(row["range_ratio"] or 1)) / 2
    return cli_estimate(
        model_path=model_of(row),
        system_name="h100_sxm",
        backend_name="vllm",
        isl=round(int(row["isl"]) * share),
        osl=round(int(row["osl"]) * share),
        batch_size=int(row["concurrency"]),
        tp_size=int(row["tp"]),
        pp_size=int(row["pp"]),
        gemm_quant_mode=PRECISIONS[row["precision"]],
        kvcache_quant_mode=PRECISIONS[row["kv_cache_dtype"]],
    )


def main():
    for row in csv.DictReader(line for line in sys.stdin if not line.startswith("#")):
        if row["engine"] != "vLLM" or row["arrivals"] != "closed" or model_of(row) is None:
            continue
        try:
            result = estimate(row)
            answer = {"ttft_ms_mean": result.ttft, "itl_ms_mean": result.tpot}
        except Exception as error:  # the tool refuses what it has no data for; that is an answer too
            answer = {"refused": str(error).splitlines()[0]}
        print(json.dumps({"id": row["id"], **answer}), flush=True)


main()
