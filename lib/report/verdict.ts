import { meanTokens } from "../config";
import { rulesOf } from "../performance";
import type { Plan, Violation } from "../strategy";
import { checkLabel, strategyLabel } from "../strategy";
import { count, milliseconds, rateText } from "./format-number";
import { overloadOf, overloadText } from "./overload";
import type { Cell } from "./report-document";
import { worstFirst } from "./worst-first";

/** Failed requirements that the verdict names; the verification results have all. */
const MOST_NAMED = 3;

/** Whether the plan holds, in one sentence, and by another version's rules where that is so: what every format says first. */
export function verdict(plan: Plan): Cell {
  const { text, tone } = sentence(plan);
  return { text: `${text}${otherRules(plan)}`, tone };
}

/** A version that is newer than any that was read is planned as the newest that was. */
function otherRules({ deployment: { serving } }: Plan): string {
  const rules = rulesOf(serving.vllmVersion);
  if (rules === undefined) return "";
  return ` Planned by the rules of vLLM ${rules}, the newest that was read: what ${serving.vllmVersion} does otherwise is not known.`;
}

function sentence(plan: Plan): Cell {
  const { checks, violations } = plan;
  const name = strategyLabel(plan.strategy);
  const failed = checks.filter(({ pass }) => !pass).length;
  const load = loadText(plan);
  if (failed === 0)
    return good(`${name} meets all ${checks.length} requirements at ${load}${unproven(plan)}.`);
  const overload = overloadOf(plan);
  if (overload !== undefined) return bad(`${name} is overloaded by ${load}: it ${overloadText(overload)}.`);
  if (!plan.chosen.feasible) return bad(`${name} cannot run. ${named(violations)}${pinnedText(plan)}`);
  return bad(
    `${name} misses ${failed} of ${checks.length} requirements at ${load}: ${missed(worstFirst(plan))}.`,
  );
}

/** A strategy that somebody set is not one that shardplan advises. */
const pinnedText = ({ pinned }: Plan): string =>
  pinned
    ? " The configuration (or --strategy) sets this strategy; --strategy auto lets shardplan choose."
    : "";

/** Arguments of the user's that may change what was proved. */
function unproven({ deployment: { serving } }: Plan): string {
  const args = serving.unprovenArgs.join(" ");
  return args === "" ? "" : `, not counting what ${args} (serving.unprovenArgs) may change`;
}

const good = (text: string): Cell => ({ text: `✓ ${text}`, tone: "good" });
const bad = (text: string): Cell => ({ text: `✗ ${text}`, tone: "bad" });

/** The load that the verdict holds for: "8 requests/s", "64 requests in flight". */
export function loadText({ deployment: { workload } }: Plan): string {
  if (workload.arrivals === "closed") return `${count(workload.concurrency)} requests in flight`;
  if (workload.arrivals === "offline") return `${count(workload.simulatedRequests)} requests at once`;
  return rateText(workload.requestRate);
}

/** The lengths that a figure holds for: "for prompts of 1,024 and answers of 256 tokens", where they vary as the mean. */
export function lengthsText({ promptTokens, outputTokens }: Plan["deployment"]["workload"]): string {
  const isMean = [promptTokens, outputTokens].some(({ kind }) => kind !== "fixed");
  const [prompt, output] = [promptTokens, outputTokens].map((lengths) => count(meanTokens(lengths)));
  return `for prompts of ${prompt} and answers of ${output} tokens${isMean ? " in the mean" : ""}`;
}

const TARGET_NAMES = { prefill: "prefill", firstToken: "first token", decode: "decode" } as const;

/** The latency targets that were asked, by their keys: "prefill p50 <= 500 ms". */
export function targetsText(slo: Plan["deployment"]["slo"]): string {
  const text = (name: keyof typeof TARGET_NAMES) =>
    `${TARGET_NAMES[name]} p50 <= ${milliseconds(slo[name].p50Ms)} and p99 <= ${milliseconds(slo[name].p99Ms)} (slo.${name})`;
  return (["prefill", "firstToken", "decode"] as const).map(text).join(", ");
}

/** Whole sentences: what keeps a strategy from running has no name that says it. */
const named = (violations: readonly Violation[]): string => {
  const rest = violations.length - MOST_NAMED;
  const sentences = violations.slice(0, MOST_NAMED).map(({ sentence: said }) => said);
  return [...sentences, ...(rest > 0 ? [`${rest} more requirements do not hold.`] : [])].join(" ");
};

/** Names and computed values: "decode p99 (120 ms)". */
export const missed = (violations: readonly Violation[]): string =>
  some(violations, ({ check, value }) => `${checkLabel(check)} (${value.split(/, |: /)[0]})`, ", ");

function some(
  violations: readonly Violation[],
  text: (violation: Violation) => string,
  separator: string,
): string {
  const rest = violations.length - MOST_NAMED;
  const shown = violations.slice(0, MOST_NAMED).map(text);
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(separator);
}
