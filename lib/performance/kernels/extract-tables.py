#!/usr/bin/env python3
"""Writes products, attention and collectives of H100 into tables/*.json; condense-tables.py writes the rest.

    pip download --no-deps aiconfigurator-core==0.12.0 && unzip aiconfigurator_core-*.whl
    git clone https://github.com/microsoft/vidur && git -C vidur checkout 7d47513
    extract-tables.py <directory of aiconfigurator_core> <directory of vidur>

Needs pandas and pyarrow. Numbers are copied, in microseconds with five significant digits; the one thing
computed is `saturated`, the attention time per prompt in the largest batch that was measured.
"""
import json
import pathlib
import sys

import pandas as pd

WHEEL = "aiconfigurator-core 0.12.0 (PyPI, Apache-2.0), from ai-dynamo/aiconfigurator"
SYSTEMS = "aiconfigurator_core/systems/data"
READ = "2026-11-22"
# Powers of two. The source also holds m + 1 for many m: FP8 is up to 50 % slower there, which measured serving steps do
# not show; and points in between, which bring the sums no closer to a second lab's measurements (Vidur: 10.9 to 11.2 %).
GEMM_TOKENS = [1 << i for i in range(16)]
VIDUR = "data/profiling/network/h100_dgx/send_recv.csv"
SEND_BYTES = [2048, 10240, 18432, 34816, 67584, 133120, 264192, 526336] + [1 << i for i in range(20, 26)] + [3 << 24, 1 << 26]
OUT = pathlib.Path(__file__).parent / "tables"


def short(value: float) -> float:
    return float(f"{value:.5g}")


def write(name: str, table: dict) -> None:
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(table, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


def source(path: str, what: str) -> dict:
    return {"source": f"{WHEEL}: {SYSTEMS}/{path}", "date": READ, "what": what}


def gemm(data: pathlib.Path, gpu: str, version: str, dtype: str, name: str) -> None:
    path = f"{gpu}/gemm/vllm/{version}/gemm_perf.parquet"
    rows = pd.read_parquet(data / path)
    rows = rows[(rows.gemm_dtype == dtype) & rows.m.isin(GEMM_TOKENS)]
    best = rows.groupby(["n", "k", "m"]).latency.min()
    sizes = sorted(int(n) for n in rows.n.unique())
    shapes = {}
    for n, k in sorted({(n, k) for n, k, _ in best.index}):
        shapes[f"{n}x{k}"] = [short(best[n, k, m] * 1e3) if (n, k, m) in best.index else None for m in GEMM_TOKENS]
    what = f"microseconds of y[m,n] = x[m,k] W[k,n], {dtype}, vLLM {version} kernels, fastest kernel at each point"
    write(f"gemm-{gpu.replace('_', '-')}-{name}", {**source(path, what), "tokens": GEMM_TOKENS, "sizes": sizes, "shapes": shapes})


def prefill(rows: pd.DataFrame) -> dict:
    by_length = {int(s): g.set_index("batch_size").latency * 1e3 for s, g in rows.groupby("isl")}
    return {
        "lengths": list(by_length),
        "single": [short(g[1]) for g in by_length.values()],
        "saturated": [short(g[g.index.max()] / g.index.max()) for g in by_length.values()],
    }


def decode(rows: pd.DataFrame) -> dict:
    grid = rows.pivot_table(index="batch_size", columns="step", values="latency") * 1e3
    return {
        "batches": [int(b) for b in grid.index],
        "pasts": [int(p) for p in grid.columns],
        "us": [[short(v) for v in row if v == v] for row in grid.to_numpy()],
    }


def attention(data: pathlib.Path, gpu: str, version: str, dtype: str, name: str) -> None:
    folder = f"{gpu}/attention/vllm/{version}"
    kept = {}
    for phase, build in (("context", prefill), ("generation", decode)):
        rows = pd.read_parquet(data / folder / f"{phase}_attention_perf.parquet")
        rows = rows[(rows.window_size == 0) & (rows.kv_cache_dtype == dtype) & rows.head_dim.isin([64, 128])]
        for (heads, kv, dim), shape in rows.groupby(["num_heads", "num_key_value_heads", "head_dim"]):
            if kv in (1, 2, 4, 8) and heads % kv == 0 and heads // kv in (1, 2, 4, 5, 6, 7, 8, 12, 16):
                kept.setdefault(f"{heads}/{kv}/{dim}", {})[phase] = build(shape)
    shapes = {k: {"prefill": v["context"], "decode": v["generation"]} for k, v in kept.items() if len(v) == 2}
    what = (
        f"microseconds of one layer on one GPU, vLLM {version}, KV cache in {dtype}; shapes are query heads / KV heads / "
        "head dimension. prefill: `single` one prompt, `saturated` per prompt in the largest batch measured. "
        "decode: row = batch, column = cached tokens of each sequence; a short row ends where memory did"
    )
    write(f"attention-{gpu.replace('_', '-')}-{name}", {**source(folder, what), "shapes": shapes})


def series(rows: pd.DataFrame) -> dict:
    """Bytes and microseconds by number of GPUs; a lone outlier of a noisy run is dropped."""
    result = {}
    for gpus, group in rows.groupby("num_gpus"):
        points = sorted(zip((group.message_size * 2).astype(int), group.latency * 1e3))
        kept = [p for i, p in enumerate(points) if not (0 < i < len(points) - 1 and p[1] > 3 * max(points[i - 1][1], points[i + 1][1]))]
        result[str(gpus)] = {"bytes": [int(b) for b, _ in kept], "us": [short(t) for _, t in kept]}
    return result


def collectives(data: pathlib.Path, vidur: pathlib.Path) -> None:
    reduce = {}
    for engine, version in (("vllm", "0.14.0"), ("vllm", "0.19.0"), ("vllm", "0.24.0"), ("sglang", "0.5.14"), ("trtllm", "1.3.0rc20")):
        rows = pd.read_parquet(data / f"h100_sxm/comm/{engine}/{version}/custom_allreduce_perf.parquet")
        if "backend" in rows:
            rows = rows[~rows.backend.str.contains("eager")]
        reduce[f"{engine}-{version}"] = series(rows)
    nccl = pd.read_parquet(data / "h100_sxm/comm/nccl/2.29.2/nccl_perf.parquet")
    nccl = nccl[nccl.nccl_dtype == "half"] if "nccl_dtype" in nccl else nccl
    what = "microseconds of one collective by bytes (of the whole message, as nccl-tests counts them) and number of GPUs, inside CUDA graphs for engines"
    table = source("h100_sxm/comm", what)
    table["allReduce"] = {**reduce, "nccl-2.29.2": series(nccl[nccl.op_name == "all_reduce"])}
    for name, key in (("all_gather", "allGather"), ("reduce_scatter", "reduceScatter"), ("alltoall", "allToAll")):
        table[key] = series(nccl[nccl.op_name == name])
    table["sendReceive"] = send_receive(vidur)
    write("collectives-h100-sxm", table)


def send_receive(vidur: pathlib.Path) -> dict:
    """Medians of three at the sizes next to powers of two; one GPU per node is the path across nodes."""
    rows = pd.read_csv(vidur / VIDUR)
    result = {"source": f"microsoft/vidur (MIT) commit 7d47513: {VIDUR}, medians", "date": READ}
    for devices, key in ((2, "inNode"), (1, "acrossNodes")):
        median = rows[(rows.num_workers == 2) & (rows.devices_per_node == devices)].groupby("size")["time_stats.send_recv.median"].median()
        result[key] = {"bytes": SEND_BYTES, "us": [short(median[size] * 1e3) for size in SEND_BYTES]}
    return result


def main() -> None:
    data, vidur = pathlib.Path(sys.argv[1]) / "systems/data", pathlib.Path(sys.argv[2])
    for dtype, name in (("bfloat16", "bf16"), ("fp8", "fp8")):
        gemm(data, "h100_sxm", "0.24.0", dtype, name)
        attention(data, "h100_sxm", "0.24.0", dtype, name)
    collectives(data, vidur)


main()
