import type { ReplicaLimits } from "./replica-context";
import { BLOCK_TOKENS, type RequestTable } from "./request-table";

/** The first request that could never run, in words; undefined when all could, one at a time. */
export function findInfeasible(requests: RequestTable, limits: ReplicaLimits): string | undefined {
  const available = limits.blocks;
  for (let i = 0; i < requests.count; i++) {
    const prompt = requests.promptTokens[i];
    const output = requests.outputTokens[i];
    const tokens = prompt + output - (limits.reservesOutput ? 0 : 1);
    if (Math.ceil(tokens / BLOCK_TOKENS) > available)
      return `a request of ${prompt} prompt and ${output} output tokens does not fit into a KV cache of ${Math.max(0, available) * BLOCK_TOKENS} tokens`;
  }
  return undefined;
}
