import type { Candidate, Plan } from "../../strategy";
import { sameStrategy, strategyLabel } from "../../strategy";
import { milliseconds, percent, significant, usd } from "../format-number";
import { isOverloaded } from "../overload";
import type { Block, Cell, ParetoPoint, Section, Table } from "../report-document";
import { cell } from "./fact";

/** Every strategy that was looked at, with its figures and the reasons against it. */
export function alternativesSection(plan: Plan): Section {
  return {
    id: "alternatives",
    title: "Alternatives considered",
    blocks: [
      ...paretoPlot(plan),
      {
        kind: "table",
        caption:
          plan.candidates.length === 1 ? "The only strategy" : `All ${plan.candidates.length} strategies`,
        ...candidateTable(plan),
      },
      { kind: "text", text: HOW_TO_READ, tone: "quiet" },
      { kind: "list", items: plan.candidates.flatMap((candidate) => reasons(plan, candidate)) },
    ],
  };
}

const HOW_TO_READ =
  "TP4 PP2 x2 is tensor parallelism 4, pipeline parallelism 2 and 2 replicas (data parallelism); SP is sequence, EP expert parallelism. Max rate is how many requests per second the strategy serves within every requirement, with the best serving parameters for that; $/M tokens is the price of a million output tokens at that rate, demand the share of a GPU's memory that the workload needs. Other strategies are simulated more briefly than the plan itself, so their figures are coarser.";

const isChosen = (plan: Plan, { strategy }: Candidate): boolean => sameStrategy(strategy, plan.strategy);

function candidateTable(plan: Plan): Table {
  const right = (title: string) => ({ title, align: "right" as const });
  return {
    columns: [
      { title: "strategy" },
      { title: "verdict" },
      right("first token p99"),
      right("decode p99"),
      right("max rate"),
      right("demand"),
      right("$/M tokens"),
    ],
    rows: plan.candidates.map((candidate) => candidateRow(plan, candidate)),
    figures: [
      "candidates.0.latency.firstToken.p99Ms",
      "candidates.0.throughput.highestRequestRate",
      "candidates.0.memory.demandFraction",
      "candidates.0.costUsdPerMillionOutputTokens",
    ],
  };
}

function candidateRow(plan: Plan, candidate: Candidate): readonly Cell[] {
  const { latency, throughput, memory, feasible, costUsdPerMillionOutputTokens: cost } = candidate;
  const number = (value: number | undefined, format: (value: number) => string) =>
    cell(value === undefined ? "-" : format(value));
  return [
    cell(strategyLabel(candidate.strategy), isChosen(plan, candidate) ? "strong" : undefined),
    verdict(plan, candidate),
    number(latency?.firstToken.p99Ms, milliseconds),
    number(latency?.decode.p99Ms, milliseconds),
    number(throughput?.highestRequestRate, (rate) => `${significant(rate)}/s`),
    number(feasible ? memory.demandFraction : undefined, percent),
    number(cost, usd),
  ];
}

function verdict(plan: Plan, candidate: Candidate): Cell {
  const mark = isChosen(plan, candidate) ? ", this plan" : "";
  if (!candidate.feasible) return cell(`✗ cannot run${mark}`, "bad");
  if (isOverloaded(candidate)) return cell(`✗ overloaded${mark}`, "bad");
  return candidate.meetsSlo ? cell(`✓ meets all${mark}`, "good") : cell(`✗ misses${mark}`, "warn");
}

/** What is violated reads better requirement first; the planner puts violations before its other reasons. */
function reasons(plan: Plan, candidate: Candidate): readonly Cell[] {
  const violated = candidate.violations.map(
    ({ requirement, value }) => `not held: ${requirement} (${value})`,
  );
  const others = candidate.reasons.slice(candidate.violations.length);
  const said = [...(isChosen(plan, candidate) ? ["this plan"] : []), ...violated, ...others];
  return said.length === 0 ? [] : [cell(`${strategyLabel(candidate.strategy)}: ${said.join("; ")}.`)];
}

/** Candidates by speed per user and throughput per GPU; nothing to plot when fewer than two can run. */
function paretoPlot(plan: Plan): readonly Block[] {
  const points = plan.candidates.flatMap((candidate) => paretoPoint(plan, candidate));
  if (points.length < 2) return [];
  const front = paretoFront(points);
  const marked = points.map(
    (point): ParetoPoint =>
      point.state === "meets" && front.includes(point) ? { ...point, state: "front" } : point,
  );
  const chosen = points.find(({ state }) => state === "chosen");
  const here =
    chosen === undefined
      ? ""
      : ` The plan: ${significant(chosen.tokensPerSecondPerUser)} tokens/s per user, ${significant(chosen.tokensPerSecondPerGpu)} tokens/s per GPU.`;
  return [
    {
      kind: "plot",
      id: "pareto",
      title: "Throughput per GPU against speed per user",
      summary: `Each strategy at its highest rate that meets every target, or at the rate of this workload when it meets none. Up and right is better; the line joins those that no other beats in both.${here}`,
      chart: { kind: "pareto", points: marked, front },
      table: paretoTable(marked),
    },
  ];
}

/** Capacity, not the arriving work: at the requested rate all strategies would have the same throughput. */
function paretoPoint(plan: Plan, candidate: Candidate): readonly ParetoPoint[] {
  const { throughput, tokensPerSecondPerUser } = candidate;
  if (throughput === undefined || tokensPerSecondPerUser === undefined) return [];
  const scale = throughput.highestRequestRate / throughput.requestRate;
  const tokensPerSecondPerGpu = throughput.outputTokensPerSecondPerGpu * (scale > 0 ? scale : 1);
  if (!Number.isFinite(tokensPerSecondPerGpu) || !Number.isFinite(tokensPerSecondPerUser)) return [];
  const state = isChosen(plan, candidate) ? "chosen" : candidate.meetsSlo ? "meets" : "misses";
  return [{ label: strategyLabel(candidate.strategy), tokensPerSecondPerUser, tokensPerSecondPerGpu, state }];
}

/** Points that no other beats in both directions, by rising speed per user. */
function paretoFront(points: readonly ParetoPoint[]): readonly ParetoPoint[] {
  const beats = (a: ParetoPoint, b: ParetoPoint) =>
    a.tokensPerSecondPerUser >= b.tokensPerSecondPerUser &&
    a.tokensPerSecondPerGpu >= b.tokensPerSecondPerGpu &&
    (a.tokensPerSecondPerUser > b.tokensPerSecondPerUser ||
      a.tokensPerSecondPerGpu > b.tokensPerSecondPerGpu);
  return points
    .filter((point) => !points.some((other) => beats(other, point)))
    .sort((a, b) => a.tokensPerSecondPerUser - b.tokensPerSecondPerUser);
}

const STATE_TEXT = {
  chosen: "this plan",
  front: "meets all, on the front",
  meets: "meets all",
  misses: "misses a target",
} as const;

const paretoTable = (points: readonly ParetoPoint[]): Table => ({
  columns: [
    { title: "strategy" },
    { title: "tokens/s per user", align: "right" },
    { title: "tokens/s per GPU", align: "right" },
    { title: "verdict" },
  ],
  rows: points.map((point) => [
    cell(point.label),
    cell(significant(point.tokensPerSecondPerUser)),
    cell(significant(point.tokensPerSecondPerGpu)),
    cell(STATE_TEXT[point.state]),
  ]),
  figures: ["candidates.0.tokensPerSecondPerUser", "candidates.0.throughput.outputTokensPerSecondPerGpu"],
});
