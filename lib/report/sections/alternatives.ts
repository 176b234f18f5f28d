import type { Candidate, Plan } from "../../strategy";
import { strategyLabel } from "../../strategy";
import { candidateTable, isChosen } from "../candidate-table";
import { significant } from "../format-number";
import { type ImpossibleGroup, impossibleGroups } from "../impossible";
import type { Block, Cell, ParetoPoint, Section, Table } from "../report-document";
import { cell } from "./fact";

/** Every strategy that was looked at, with its figures and the reasons against it. */
export function alternativesSection(plan: Plan): Section {
  const folded = impossibleGroups(plan).filter(({ candidates }) => candidates.length >= WORTH_FOLDING);
  const isFolded = (candidate: Candidate) => folded.some(({ candidates }) => candidates.includes(candidate));
  const listed = plan.candidates.filter((candidate) => !isFolded(candidate) || isChosen(plan, candidate));
  const shown = plan.candidates.filter((candidate) => candidate.feasible || isChosen(plan, candidate));
  return {
    id: "alternatives",
    title: "Alternatives considered",
    blocks: [
      ...paretoPlot(plan),
      {
        kind: "table",
        caption: tableCaption(shown.length, plan.candidates.length),
        ...candidateTable(plan, shown),
        figures: FIGURES,
      },
      {
        kind: "text",
        text: plan.candidates.some(({ isRuledOut }) => isRuledOut)
          ? `${HOW_TO_READ} ${RULED_OUT}`
          : HOW_TO_READ,
        tone: "quiet",
      },
      ...against([...listed.flatMap((candidate) => reasons(plan, candidate)), ...folded.map(foldedRow)]),
    ],
  };
}

function tableCaption(shown: number, all: number): string {
  if (all === 1) return "The only strategy";
  return shown === all ? `All ${all} strategies` : `${shown} of ${all} strategies; the others cannot run`;
}

const FIGURES = [
  "candidates.0.latency.firstToken.p99Ms",
  "candidates.0.throughput.highestRequestRate",
  "candidates.0.memory.demandFraction",
  "candidates.0.costUsdPerMillionOutputTokens",
] as const;

/** Strategies from this many on that fail for one reason share a line. */
const WORTH_FOLDING = 3;

/** What speaks against each strategy, in words; nothing where there is no other one. */
function against(rows: readonly (readonly Cell[])[]): readonly Block[] {
  if (rows.length === 0) return [];
  return [
    {
      kind: "table",
      caption: "What speaks against each of the others",
      folded: true,
      columns: [{ title: "strategy" }, { title: "why it was not chosen" }],
      rows,
    },
  ];
}

/** Strategies that cannot run for one reason, which is said once. */
function foldedRow({ requirement, candidates }: ImpossibleGroup): readonly Cell[] {
  const names = candidates.map(({ strategy }) => strategyLabel(strategy)).join(", ");
  const said = [...new Set(candidates.map(({ violations }) => violations[0]?.sentence))];
  const [sentence] = said.length === 1 ? said : [];
  return [
    cell(`${candidates.length} others`),
    cell(
      `${sentence ?? `It is required that ${requirement}, which is not so here.`} Therefore ${names} cannot run.`,
    ),
  ];
}

const HOW_TO_READ =
  "TP4 PP2 x2 is tensor parallelism 4, pipeline parallelism 2 and 2 replicas (data parallelism); SP is sequence, EP expert parallelism. TTFT is the time to first token. Max rate is how many requests per second the strategy serves within every requirement, with the best serving parameters for that; $/M is the price of a million output tokens at that rate, demand the share of a GPU's memory that the workload needs. Other strategies are simulated more briefly than the plan itself, so their figures are coarser.";

const RULED_OUT =
  "Where many strategies can run, those that bounds or short runs show to be worse than the best are ruled out. They are not searched in full and have no verdict of their own.";

/** The strategy of the plan has a row only where something speaks against it. */
function reasons(plan: Plan, candidate: Candidate): readonly (readonly Cell[])[] {
  if (candidate.reasons.length === 0) return [];
  const own = isChosen(plan, candidate) ? " (this plan)" : "";
  return [[cell(`${strategyLabel(candidate.strategy)}${own}`), cell(candidate.reasons.join(" "))]];
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
