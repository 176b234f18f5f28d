import type { Answer } from "./ask";
import type { JudgedPlan } from "./make-plans";
import type { Build } from "./weight-builds";

/** How far weights on a rank may be from vLLM's own. */
export const ALLOWED = 0.002;

/**
 * Requirements that vLLM's configuration and classes hold too. What a GPU holds and computes shows when a worker starts, and
 * service when it runs: vLLM takes a command line that misses them.
 */
const HELD_BY_BOTH = new Set([
  "world-size",
  "heads-divisible",
  "kv-heads-divisible",
  "mlp-divisible",
  "stages-have-layers",
  "expert-parallel",
  "sequence-parallel",
  "model-length",
  "executor-spans-nodes",
  "replicas-within-nodes",
  "checkpoint-method",
  "quantization-groups",
  "attention-runs",
  "kv-cache-runs",
  "batch-holds-sequences",
  "context-divides",
  "context-copies",
  "context-queries",
  "lora-model",
]);

/** What cannot be judged here: repositories whose own code vLLM would run, and what FlashInfer's kernels would take. */
const NOT_HERE =
  /custom code|does not appear to have a file named \S+\.py|does not recognize this architecture|FlashInfer|FP8 KV cache is not supported by the Triton/i;

export type Outcome =
  | "accepted"
  | "refused though valid"
  | "refused by both"
  | "refused by the planner alone"
  | "not judged";

function outcomeOf(isValid: boolean, { refused }: Answer): Outcome {
  if (refused && !isValid) return "refused by both";
  if (refused) return NOT_HERE.test(refused.said) ? "not judged" : "refused though valid";
  return isValid ? "accepted" : "refused by the planner alone";
}

/** Something that both judged. */
export interface Verdict {
  readonly name: string;
  readonly outcome: Outcome;
  /** What vLLM or else the planner says against it. */
  readonly reason?: string;
  /** Relative difference of the weights on each rank that was weighed. */
  readonly differences: readonly number[];
}

/** vLLM's words without the figures and names of one model, so that the same reason counts once. */
const inGeneral = (said: string): string =>
  said
    .replace(/^\w+: (1 validation error for \w+ )?(Value error, )?/, "")
    .replace(/'[^']*'/g, "'...'")
    .replace(/\d+/g, "N")
    .split(/[.;] /, 1)
    .join("")
    .slice(0, 110);

function verdict(
  name: string,
  planned: readonly number[],
  blocked: readonly string[],
  answer: Answer,
): Verdict {
  const outcome = outcomeOf(blocked.length === 0, answer);
  const reason = answer.refused ? inGeneral(answer.refused.said) : blocked[0];
  return {
    name,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    differences:
      outcome === "accepted"
        ? (answer.bytes ?? []).map((bytes, i) => (planned[i] ?? Number.NaN) / bytes - 1)
        : [],
  };
}

/** What both say of a plan. */
export const planVerdict = ({ question, violated, planned }: JudgedPlan, answer: Answer): Verdict =>
  verdict(
    question.name,
    planned,
    violated.filter((id) => HELD_BY_BOTH.has(id)),
    answer,
  );

/** What both say of one rank of a model. */
export const buildVerdict = ({ question, planned, refusedBy }: Build, answer: Answer): Verdict =>
  verdict(question.name, [planned], refusedBy === undefined ? [] : [refusedBy], answer);

export const isWithin = ({ differences }: Verdict): boolean =>
  differences.every((difference) => Math.abs(difference) <= ALLOWED);
