import type { Candidate, Plan } from "../strategy";
import { sameStrategy, strategyLabel } from "../strategy";
import { milliseconds, percent, significant, usd } from "./format-number";
import { isOverloaded } from "./overload";
import type { Cell, Table } from "./report-document";
import { cell } from "./sections/fact";

/** Strategies with verdict and figures, one a row: at most 80 columns wide for any degrees up to two digits. */
export function candidateTable(plan: Plan, candidates: readonly Candidate[]): Table {
  const right = (title: string) => ({ title, align: "right" as const });
  return {
    columns: [
      { title: "strategy" },
      { title: "verdict" },
      right("TTFT p99"),
      right("decode p99"),
      right("max rate"),
      right("demand"),
      right("$/M"),
    ],
    rows: candidates.map((candidate) => candidateRow(plan, candidate)),
  };
}

export const isChosen = (plan: Plan, { strategy }: Candidate): boolean =>
  sameStrategy(strategy, plan.strategy);

function candidateRow(plan: Plan, candidate: Candidate): readonly Cell[] {
  const { latency, throughput, memory, feasible, costUsdPerMillionOutputTokens: cost } = candidate;
  const number = (value: number | undefined, format: (value: number) => string) =>
    cell(value === undefined || !Number.isFinite(value) ? "-" : format(value));
  return [
    cell(strategyLabel(candidate.strategy), isChosen(plan, candidate) ? "strong" : undefined),
    verdict(plan, candidate),
    number(latency?.firstToken.p99Ms, milliseconds),
    number(latency?.decode.p99Ms, milliseconds),
    number(throughput?.highestRequestRate, (rate) => `${significant(rate)}/s`),
    number(feasible && !candidate.isRuledOut ? memory.demandFraction : undefined, percent),
    number(cost, usd),
  ];
}

function verdict(plan: Plan, candidate: Candidate): Cell {
  if (isChosen(plan, candidate))
    return candidate.meetsSlo ? cell("✓ this plan", "good") : cell("✗ this plan", "bad");
  if (!candidate.feasible) return cell("✗ cannot run", "bad");
  if (candidate.isRuledOut) return cell("ruled out");
  if (isOverloaded(candidate)) return cell("✗ overloaded", "bad");
  return candidate.meetsSlo ? cell("✓ meets all", "good") : cell("✗ misses", "warn");
}
