#!/usr/bin/env python3
"""Writes the kernel times of every GPU that the source has tables for, and how far the condensed tables are off.

    pip download --no-deps aiconfigurator-core==0.12.0 && unzip aiconfigurator_core-*.whl
    condense-tables.py <directory of aiconfigurator_core>

Needs pandas and pyarrow. extract-tables.py writes H100's products, attention and collectives, which predate this script
and have five digits; here H100 gets what those lack. Microseconds with three significant digits at fewer sizes than the
source has. condensation.json: relative error at the measured sizes that were left out, by table.

Rules, each for a fault of the source:
- The fastest kernel at each point, and no size slower than a larger one (a running minimum from the largest down): B200's
  FP8 products take 25 us below 8 rows and 10 above, its all-reduce 26 us at 128 KiB and less beyond; H200's all-reduce of
  0.14.0 44 us at 512 KiB. A kernel that can do more work in less time does less in no more.
- Block-scaled FP8 products are left out: they were measured with the launch of several kernels from Python (56 to 190 us
  at any size below some thousand rows), which a CUDA graph hides. Beyond it they take what per-tensor FP8 takes.
- MLA on Hopper: 42 us less in decode, for the same reason: 87 us for one head and an empty cache, B200 33.
- Expert load: power_law_1.2; balanced experts are not what served text chooses.
- Experts: the newest version that has a shape; but no int4 of 0.19.0, which was 2 to 3 times slower than 0.24.0.
  gpt-oss on Blackwell runs an mxfp8 kernel that only SGLang's table has.
"""
import json
import pathlib
import sys

import numpy as np
import pandas as pd

WHEEL = "aiconfigurator-core 0.12.0 (PyPI, Apache-2.0), from ai-dynamo/aiconfigurator"
SYSTEMS = "aiconfigurator_core/systems/data"
READ = "2026-11-26"
OUT = pathlib.Path(__file__).parent / "tables"
GPUS = {"h100_sxm": "0.24.0", "h200_sxm": "0.24.0", "b200_sxm": "0.24.0", "b300_sxm": "0.24.0", "gb200": "0.24.0", "gb300": "0.24.0",
        "l40s": "0.24.0", "rtx_pro_6000_server": "0.24.0", "a100_sxm": "0.14.0"}
HOPPER = ("h100_sxm", "h200_sxm")
MLA_LAUNCH_US = 42
NAMES = {"bfloat16": "bf16", "fp8": "fp8", "nvfp4": "nvfp4"}
ROWS = [1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 16384, 32768]
MOE_TOKENS = [1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 2048, 4096, 8192, 16384]
BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
PASTS = [1, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072]
LENGTHS = [1, 16, 64, 128, 256, 512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 10240, 12288, 16384, 32768]
LENGTHS_OF_2 = [1, 16, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]
GROUPS = (1, 2, 4, 5, 6, 7, 8, 12, 16)
errors: dict = {}


def short(value: float) -> float:
    return float(f"{value:.3g}")


def falling(values):
    """Running minimum from the largest size down; missing points stay missing."""
    least, out = float("inf"), []
    for v in reversed(list(values)):
        least = min(least, v) if v == v else least
        out.append(least if v == v else float("nan"))
    return out[::-1]


def curve_error(table: str, sizes, us, kept) -> None:
    """Log-log interpolation between kept sizes against what was measured at the others."""
    x, y = np.array(sizes, float), np.array(us, float)
    at = [i for i, s in enumerate(sizes) if s in kept]
    if len(at) < 2:
        return
    rest = [i for i in range(len(x)) if i not in at and x[at[0]] < x[i] < x[at[-1]]]
    if rest:
        guess = np.exp(np.interp(np.log(x[rest]), np.log(x[at]), np.log([short(v) for v in y[at]])))
        errors.setdefault(table, []).extend(np.abs(guess / y[rest] - 1).tolist())


def write(name: str, table: dict) -> None:
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(table, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


def head(path: str, what: str) -> dict:
    return {"source": f"{WHEEL}: {SYSTEMS}/{path}", "date": READ, "what": what}


def number(v):
    return short(v) if v == v else None


def gemm(data, gpu, name, version) -> None:
    path = f"{gpu}/gemm/vllm/{version}/gemm_perf.parquet"
    rows = pd.read_parquet(data / path)
    for dtype, precision in NAMES.items():
        own = rows[rows.gemm_dtype == dtype]
        if own.empty:
            continue
        grid = own.pivot_table(index=["n", "k"], columns="m", values="latency", aggfunc="min") * 1e3
        shapes = {}
        for (n, k), row in grid.iterrows():
            clean = dict(zip(grid.columns, falling(row)))
            shapes[f"{n}x{k}"] = [number(clean.get(m, float("nan"))) for m in ROWS]
            known = [(m, v) for m, v in clean.items() if v == v and m - 1 not in clean]
            curve_error(f"gemm-{name}-{precision}", [m for m, _ in known], [v for _, v in known], ROWS)
        what = f"microseconds of y[m,n] = x[m,k] W[k,n], {dtype}, vLLM {version} kernels, fastest kernel, no row slower than a larger one"
        write(f"gemm-{name}-{precision}", {**head(path, what), "tokens": ROWS, "sizes": sorted(int(n) for n in own.n.unique()), "shapes": shapes})


def prefill(rows, table) -> dict:
    single, saturated = {}, {}
    for length, group in rows.groupby("isl"):
        by = group.groupby("batch_size").latency.min() * 1e3
        if 1 in by.index:
            single[int(length)], saturated[int(length)] = by[1], (by / by.index).min()
    for series in (single, saturated):
        curve_error(table, list(series), list(series.values()), LENGTHS)
    kept = [s for s in single if s in LENGTHS]
    return {"lengths": kept, "single": [short(single[s]) for s in kept], "saturated": [short(saturated[s]) for s in kept]}


def decode(rows, table, past="past", less=0) -> dict:
    grid = rows.pivot_table(index="batch_size", columns=past, values="latency", aggfunc="min") * 1e3 - less
    pasts = [p for p in PASTS if p in grid.columns]
    us = {}
    for batch in (b for b in BATCHES if b in grid.index):
        row = grid.loc[batch].dropna()
        curve_error(table, list(row.index), list(row), PASTS)
        kept = [short(row[p]) for p in pasts if p in row.index]
        # A row of a few short caches says nothing of its growth: the next smaller batch goes on in proportion.
        if len(kept) >= 3 and all(p in row.index for p in pasts[: len(kept)]):
            us[int(batch)] = kept
    return {"batches": list(us), "pasts": [int(p) for p in pasts], "us": list(us.values())}


def attention(data, gpu, name, version) -> None:
    folder = f"{gpu}/attention/vllm/{version}"
    parts = {}
    for phase in ("context", "generation"):
        rows = pd.read_parquet(data / folder / f"{phase}_attention_perf.parquet")
        if "window_size" not in rows:
            rows["window_size"] = 0
        parts[phase] = rows.assign(past=rows.step + 1)
    for dtype in ("bfloat16", "fp8"):
        windows = {}
        for window in sorted(int(w) for w in parts["generation"].window_size.unique()):
            chosen = [p[(p.window_size == window) & (p.kv_cache_dtype == dtype)] for p in parts.values()]
            if gpu == "h100_sxm" and window == 0:
                chosen = [p[~p.head_dim.isin([64, 128])] for p in chosen]
            keys = ["num_heads", "num_key_value_heads", "head_dim"]
            context, generation = (dict(list(p.groupby(keys))) for p in chosen)
            table = f"attention-{name}-{NAMES[dtype]}"
            shapes = {}
            for (heads, kv, dim), rows in generation.items():
                if (heads, kv, dim) not in context or kv not in (1, 2, 4, 8) or heads % kv or heads // kv not in GROUPS:
                    continue
                shapes[f"{heads}/{kv}/{dim}"] = {"prefill": prefill(context[heads, kv, dim], table), "decode": decode(rows, table)}
            if shapes:
                windows[str(window)] = shapes
        if not windows:
            continue
        what = (f"microseconds of one layer on one GPU, vLLM {version}, KV cache in {dtype}, by window (0: none) and query heads / KV heads / "
                "head dimension. prefill: `single` one prompt, `saturated` per prompt where the batch fills the GPU. decode: row = batch, "
                "column = cached tokens of each sequence; a short row ends where memory did")
        full = windows.pop("0", {})
        suffix = "-more" if gpu == "h100_sxm" else ""
        write(f"attention-{name}-{NAMES[dtype]}{suffix}", {**head(folder, what), "shapes": full, "windows": windows})


def mla(data, gpu, name, version) -> None:
    folder = f"{gpu}/mla/vllm/{version}"
    if not (data / folder).exists():
        return
    less = MLA_LAUNCH_US if gpu in HOPPER else 0
    shapes = {}
    context, generation = (pd.read_parquet(data / folder / f"mla_{p}_module_perf.parquet") for p in ("context", "generation"))
    keys = ["gemm_type", "kv_cache_dtype", "num_heads"]
    ahead = dict(list(context.groupby(keys)))
    for key, rows in generation.groupby(keys):
        if key in ahead:
            name_of = {"bfloat16": "bf16"}
            shapes["/".join(name_of.get(str(k), str(k)) for k in key)] = {"prefill": prefill(ahead[key], f"mla-{name}"), "decode": decode(rows, f"mla-{name}", "step", less)}
    what = (f"microseconds of one layer's attention module (projections included) of DeepSeek-V3, vLLM {version}, by precision of the projections / "
            f"KV cache / query heads of the rank; {less} us of launches taken off decode")
    write(f"mla-{name}", {**head(folder, what), "shapes": shapes})


def experts(data, gpu, name) -> None:
    found = {}
    sources = [("vllm", v) for v in ("0.14.0", "0.19.0", "0.22.0", "0.24.0")] + [("sglang", "0.5.14")]
    keys = ["moe_dtype", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size"]
    for engine, version in sources:
        path = data / f"{gpu}/moe/{engine}/{version}/moe_perf.parquet"
        if not path.exists():
            continue
        rows = pd.read_parquet(path)
        rows = rows[(rows.distribution == "power_law_1.2") & (rows.moe_ep_size <= 64) & (rows.moe_tp_size <= 8)]
        if version == "0.19.0":
            rows = rows[rows.moe_dtype != "int4_wo"]
        if engine == "sglang":
            rows = rows[(rows.moe_dtype == "w4a8_mxfp4_mxfp8") & (rows.hidden_size == 2880)]
        for key, group in rows.groupby(keys):
            by = group.groupby("num_tokens").latency.min() * 1e3
            if len(by) >= 8:
                found[key] = (f"{engine} {version}", list(by.index), falling(by))
    shapes, versions = {}, {}
    for (dtype, *dims), (origin, tokens, us) in sorted(found.items()):
        curve_error(f"moe-{name}", tokens, us, MOE_TOKENS)
        clean = dict(zip(tokens, us))
        own = shapes.setdefault(dtype, {}).setdefault("/".join(map(str, dims[:4])), {})
        own["/".join(map(str, dims[4:]))] = [number(clean.get(m, float("nan"))) for m in MOE_TOKENS]
        versions.setdefault(dtype, set()).add(origin)
    what = ("microseconds of the routed experts of one layer on one rank, experts chosen by a power law of exponent 1.2, by precision, then hidden / "
            "intermediate size / experts a token / experts, then tensor / expert ranks; columns are tokens of all ranks. Versions: "
            + "; ".join(f"{d}: {', '.join(sorted(v))}" for d, v in sorted(versions.items())))
    write(f"moe-{name}", {**head(f"{gpu}/moe", what), "tokens": MOE_TOKENS, "shapes": shapes})


def recurrent(data, gpu, name, version) -> None:
    path = f"{gpu}/linear_attention/vllm/{version}/gdn_perf.parquet"
    if not (data / path).exists():
        return
    rows = pd.read_parquet(data / path)
    rows["kernels"] = rows.kernel_source.str.contains("conv1d").map({True: "convolution", False: "rule"})
    point = ["phase", "num_v_heads", "batch_size", "seq_len"]
    fastest = rows.groupby([*point, "num_k_heads", "kernels"]).latency.min().unstack().dropna()
    us = fastest.sum(axis=1).groupby(point).min() * 1e3
    heads = {}
    for count in sorted(int(h) for h in rows.num_v_heads.unique()):
        decode = falling(us["generation", count].droplevel("seq_len").reindex(BATCHES))
        prefill = falling(us["context", count, 1].reindex(LENGTHS_OF_2))
        if all(v == v for v in decode + prefill):
            heads[str(count)] = {"decode": [short(v) for v in decode], "prefill": [short(v) for v in prefill]}
    what = (f"microseconds of one gated delta layer without its projections (convolution and rule) on one GPU, vLLM {version}, by value heads of "
            "128 x 128 of the rank: decode by sequences, prefill by tokens of one prompt; no size slower than a larger one")
    write(f"recurrent-{name}", {**head(path, what), "sequences": BATCHES, "tokens": LENGTHS_OF_2, "heads": heads})


def series(rows) -> dict:
    result = {}
    for gpus, group in rows.groupby("num_gpus"):
        by = group.groupby("message_size").latency.min() * 1e3
        us = falling(by)
        result[str(gpus)] = {"bytes": [int(b * 2) for b in by.index], "us": [short(v) for v in us]}
    return result


def collectives(data, gpu, name) -> None:
    reduce = {}
    folder = data / f"{gpu}/comm"
    for engine, version in [("vllm", v.name) for v in sorted((folder / "vllm").iterdir())] + [("sglang", "0.5.14"), ("trtllm", "1.3.0rc20")]:
        path = folder / engine / version / "custom_allreduce_perf.parquet"
        if not path.exists():
            continue
        rows = pd.read_parquet(path)
        if "backend" in rows:
            rows = rows[~rows.backend.str.contains("eager")]
        if "vLLM_custom_eager" in set(rows.kernel_source):
            rows = rows[rows.kernel_source != "vLLM_custom_eager"]
        reduce[f"{engine}-{version}"] = series(rows)
    nccl_version = sorted((p.name for p in (folder / "nccl").iterdir()), key=lambda v: [int(x) for x in v.split(".")])[-1]
    nccl = pd.read_parquet(folder / f"nccl/{nccl_version}/nccl_perf.parquet")
    nccl = nccl[nccl.nccl_dtype == "half"]
    nccl = nccl[nccl.num_gpus <= 8]
    table = head(f"{gpu}/comm", "microseconds of one collective by bytes (of the whole message, as nccl-tests counts them) and number of GPUs, inside CUDA graphs for engines, no message slower than a larger one")
    table["allReduce"] = {**reduce, f"nccl-{nccl_version}": series(nccl[nccl.op_name == "all_reduce"])}
    for op, key in (("all_gather", "allGather"), ("reduce_scatter", "reduceScatter"), ("alltoall", "allToAll")):
        table[key] = series(nccl[nccl.op_name == op])
    write(f"collectives-{name}", table)


def main() -> None:
    data = pathlib.Path(sys.argv[1]) / "systems/data"
    for gpu, version in GPUS.items():
        name = gpu.replace("_server", "").replace("_", "-")
        if gpu != "h100_sxm":
            gemm(data, gpu, name, version)
            collectives(data, gpu, name)
        attention(data, gpu, name, version)
        mla(data, gpu, name, version)
        experts(data, gpu, name)
        recurrent(data, gpu, name, version)
    report = {}
    for table, values in sorted(errors.items()):
        v = np.array(values)
        report[table] = {"points": len(v), "medianPercent": round(float(np.median(v)) * 100, 2), "p90Percent": round(float(np.quantile(v, 0.9)) * 100, 1)}
        print(f"{table}: {report[table]}")
    what = "relative error of log-log interpolation in the condensed tables at measured sizes that were left out; written by condense-tables.py"
    (OUT.parent / "condensation.json").write_text(json.dumps({"what": what, "tables": report}, indent=2) + "\n")


main()
