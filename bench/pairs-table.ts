import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PredictedColumn } from "../lib/performance";
import { quantile } from "./quantile";
import { readOtherPairs } from "./read-cases";
import { percent, type Table } from "./table";

interface Line {
  readonly id: string;
  readonly column: PredictedColumn;
  readonly measured: number;
  readonly predicted: number;
}

const QUANTITIES = { ttft_ms_mean: "TTFT", itl_ms_mean: "TPOT" } as const;

function errors(lines: readonly Line[], column: PredictedColumn): string[] {
  const chosen = lines
    .filter((line) => line.column === column)
    .map(({ measured, predicted }) => predicted / measured - 1);
  const sizes = chosen.map(Math.abs);
  return [percent(quantile(sizes, 0.5)), percent(quantile(sizes, 0.9)), percent(quantile(chosen, 0.5))];
}

/** Errors on models and GPUs beside Llama-70B on H100, with the group, and with the whole pair, left out of the fit. */
export function pairsTable(): Table {
  const file = JSON.parse(readFileSync(join(__dirname, "cross-validation-pairs.json"), "utf8")) as Record<
    "groups" | "pairs",
    readonly Line[]
  >;
  const pairOf = new Map(readOtherPairs().map((row) => [row.id, row.pair] as const));
  const pairs = [...new Set(pairOf.values())];
  const rows = Object.entries(QUANTITIES).flatMap(([column, name]) =>
    ["all", ...pairs].map((pair) => {
      const of = (lines: readonly Line[]) =>
        lines.filter(({ id }) => pair === "all" || pairOf.get(id) === pair);
      const count = of(file.groups).filter((line) => line.column === column).length;
      return [
        `${name}, ${pair}`,
        String(count),
        ...errors(of(file.groups), column as PredictedColumn),
        ...errors(of(file.pairs), column as PredictedColumn),
      ];
    }),
  );
  return {
    title: "Other models and GPUs: groups and whole pairs left out of the fit",
    note: "A pair is a model, a GPU and a precision; a group is a pair at one TP and shape. A pair that is left out takes the factors of its kind of model from other GPUs, or of plain mixtures where its kind has no other rows. Goals: groups left out, TPOT median 7 and p90 20 %, TTFT 13 and 35 %; pairs left out, 10 and 26, 22 and 45 %.",
    header: ["figure", "n", "median", "p90", "bias", "pair out: median", "p90", "bias"],
    rows,
  };
}
