#!/usr/bin/env python3
"""Writes how much the load of experts changes the time of the slowest rank, for condense-tables.py's source.

    condense-skew.py <directory of aiconfigurator_core>

The source measured each point three times: with experts chosen evenly, by a power law of exponent 1.01, and of 1.2, on the
rank that gets most. Medians of the ratio to 1.2 over shapes, precisions and GPUs (H100, H200, B200, B300, GB200, L40S),
by expert ranks, experts, and mean routed copies of a token for each expert. Cells with fewer than 12 ratios stay empty.
Also written: the quartiles' half width over all cells, as a share: how far one shape is off the median.
"""
import json
import pathlib
import sys

import numpy as np
import pandas as pd

SYSTEMS = ["h100_sxm", "h200_sxm", "b200_sxm", "b300_sxm", "gb200", "l40s"]
RANKS = [1, 2, 4, 8, 16, 32, 64]
EXPERTS = {8: (0, 16), 32: (17, 64), 128: (65, 160), 256: (161, 384), 512: (385, 10_000)}
SLOTS = [0.25, 1, 4, 16, 64, 256]
KEYS = ["gpu", "version", "moe_dtype", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size", "num_tokens"]
LEAST = 12


def main() -> None:
    data = pathlib.Path(sys.argv[1]) / "systems/data"
    frames = []
    for gpu in SYSTEMS:
        for version in ("0.19.0", "0.24.0"):
            path = data / f"{gpu}/moe/vllm/{version}/moe_perf.parquet"
            if path.exists():
                frames.append(pd.read_parquet(path).assign(gpu=gpu, version=version))
    rows = pd.concat(frames).groupby([*KEYS, "distribution"]).latency.min().unstack().reset_index()
    rows = rows[rows.moe_ep_size.isin(RANKS)]
    slots = rows.num_tokens * rows.topk / rows.num_experts
    rows["slot"] = np.abs(np.log(slots.to_numpy()[:, None] / np.array(SLOTS))).argmin(axis=1)
    spreads = []

    def cells(distribution: str) -> list:
        ratio = rows[distribution] / rows["power_law_1.2"]
        table = []
        for ranks in RANKS:
            by_experts = []
            for low, high in EXPERTS.values():
                here = (rows.moe_ep_size == ranks) & rows.num_experts.between(low, high)
                found = [ratio[here & (rows.slot == s)].dropna() for s in range(len(SLOTS))]
                spreads.extend(float(v.quantile(0.75) - v.quantile(0.25)) / 2 for v in found if len(v) >= LEAST)
                by_experts.append([float(f"{v.median():.3g}") if len(v) >= LEAST else None for v in found])
            table.append(by_experts)
        return table

    out = {
        "source": "aiconfigurator-core 0.12.0 (PyPI, Apache-2.0), aiconfigurator_core/systems/data/<gpu>/moe/vllm; condensed by condense-skew.py",
        "what": "time of the routed experts on the busiest rank over that with experts chosen by a power law of exponent 1.2, by ranks, experts and copies of a token for each expert",
        "ranks": RANKS,
        "experts": list(EXPERTS),
        "slots": SLOTS,
        "even": cells("balanced"),
        "exponent1.01": cells("power_law_1.01"),
    }
    out["quartileHalfWidth"] = round(float(np.median(spreads)), 3)
    (pathlib.Path(__file__).parent / "expert-skew.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


main()
