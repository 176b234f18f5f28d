import type { Candidate, Plan } from "../../strategy";
import { isRateDriven, sameStrategy } from "../../strategy";
import { candidateTable, isChosen } from "../candidate-table";
import { impossibleGroups } from "../impossible";
import type { Table } from "../report-document";

const SHOWN = 3;

/** The sustainable rate of a passing plan stands in the same screen and is another figure. */
const RATE_NOTE =
  " Max rate and $/M are those of each strategy with the serving parameters that suit it best.";

/** This plan's strategy, the one that the planner would choose, and the next best. */
export function topStrategies(plan: Plan): Table {
  return candidateTable(plan, [...plan.candidates].sort(byStanding(plan)).slice(0, SHOWN));
}

function byStanding(plan: Plan): (a: Candidate, b: Candidate) => number {
  const standing = (candidate: Candidate): readonly number[] => [
    Number(isChosen(plan, candidate)),
    Number(sameStrategy(candidate.strategy, plan.recommendation.strategy)),
    Number(candidate.meetsSlo),
    Number(candidate.latency !== undefined),
    Number(candidate.feasible && !candidate.isRuledOut),
    Number(candidate.feasible),
    merit(plan, candidate),
  ];
  return (a, b) => {
    const [own, other] = [standing(a), standing(b)];
    const index = own.findIndex((value, at) => value !== other[at]);
    return index < 0 ? 0 : (other[index] ?? 0) - (own[index] ?? 0);
  };
}

/** What the objective asks for, the higher the better. On one set of machines the highest rate is the cheapest token too. */
function merit({ objective }: Plan, { tokensPerSecondPerUser, throughput }: Candidate): number {
  return (objective === "latency" ? tokensPerSecondPerUser : throughput?.highestRequestRate) ?? 0;
}

/** How many strategies were looked at, how they fared, and why some cannot run. */
export function restOfStrategies(plan: Plan): string {
  const { candidates } = plan;
  if (candidates.length === 1) return "No other strategy is possible here.";
  const meets = candidates.filter(({ meetsSlo }) => meetsSlo).length;
  const impossible = candidates.filter(({ feasible }) => !feasible).length;
  const ruledOut = candidates.filter(({ isRuledOut }) => isRuledOut).length;
  const misses = candidates.length - meets - impossible - ruledOut;
  const parts = [
    `${meets === 0 ? "none" : meets} of ${candidates.length} strategies ${meets > 1 ? "meet" : "meets"} every requirement`,
    ...(misses > 0 ? [`${misses} ${misses > 1 ? "miss" : "misses"} some`] : []),
    ...(ruledOut > 0
      ? [`${ruledOut} cannot be the best and ${ruledOut > 1 ? "were" : "was"} not searched`]
      : []),
    ...(impossible > 0 ? [`${impossible} cannot run`] : []),
  ];
  const text = `${parts.join(", ")}${impossible > 0 ? `: ${reasons(plan)}` : ""}.`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${isRateDriven(plan) && plan.violations.length === 0 ? RATE_NOTE : ""}`;
}

/** "6 because vLLM 0.33.0 has no sequence parallelism, 3 for lack of memory". */
function reasons(plan: Plan): string {
  const counts = new Map<string, number>();
  for (const { candidates } of impossibleGroups(plan)) {
    const reason = reasonOf(candidates);
    counts.set(reason, (counts.get(reason) ?? 0) + candidates.length);
  }
  const known = [...counts].filter(([reason]) => reason !== OTHER).slice(0, SHOWN);
  const rest = candidatesIn(counts) - known.reduce((sum, [, count]) => sum + count, 0);
  return [...known, ...(rest > 0 ? [[OTHER, rest] as const] : [])]
    .map(([reason, count]) => `${count} ${reason}`)
    .join(", ");
}

const candidatesIn = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

const OTHER = "for other reasons";

const REASONS: Readonly<Record<string, string>> = {
  "weights-fit": "for lack of memory",
  "one-sequence-fits": "for lack of memory",
  "heads-divisible": "because the heads do not divide",
  "kv-heads-divisible": "because the heads do not divide",
  "mlp-divisible": "because the layers' width does not divide",
  "world-size": "because GPUs are left over",
  "executor-spans-nodes": "because a replica needs several hosts",
};

/** Why the strategies of a group cannot run; a requirement with a reason of its own ("...: vLLM has none") says that. */
function reasonOf([first]: readonly Candidate[]): string {
  const violation = first?.violations[0];
  const known = REASONS[violation?.check ?? ""];
  if (known !== undefined) return known;
  const [, reason] = /: (.+)$/.exec(violation?.requirement ?? "") ?? [];
  return reason === undefined ? OTHER : `because ${reason}`;
}
