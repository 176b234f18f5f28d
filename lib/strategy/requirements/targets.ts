import { longestTokens } from "../../config";
import type { Situation } from "../situation";

/** The latencies that a deployment sets targets for, as vLLM measures them. */
export type TargetedLatency = "prefill" | "firstToken" | "decode";

/**
 * Latencies that targets apply to. Work that arrives all at once waits for its turn by intention: its time to first
 * token says how long the list is, not how good the service is. Answers of one token have no gap between tokens.
 */
export function targetedLatencies({ deployment }: Situation): readonly TargetedLatency[] {
  const { arrivals, outputTokens } = deployment.workload;
  const first: TargetedLatency[] = arrivals === "offline" ? ["prefill"] : ["prefill", "firstToken"];
  return longestTokens(outputTokens) > 1 ? [...first, "decode"] : first;
}
