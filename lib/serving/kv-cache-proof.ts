import type { Plan } from "../strategy";

/** What vLLM's own word on its KV cache says about the plan. */
export interface KvCacheProof {
  readonly verdict: "as planned" | "smaller than planned" | "larger than planned" | "not judged";
  /** One sentence for a reader. */
  readonly text: string;
}

/**
 * Holds the tokens of KV cache that a replica of vLLM has logged against the plan's band, which stands for its weights,
 * activations and CUDA graphs as well: the cache is what they leave.
 * @param measured Tokens; 0 where the log has forgotten.
 */
export function proveKvCache({ gpu, memoryPerGpu }: Plan, measured: number): KvCacheProof {
  const { kvCacheTokensLow, kvCacheTokensHigh } = memoryPerGpu;
  const [low, high] = memoryPerGpu.kvCacheTokensLogged ?? [kvCacheTokensLow, kvCacheTokensHigh];
  if (gpu.kind !== "gpu")
    return unjudged("the plan does not speak of memory on hosts without an accelerator");
  if (measured === 0) return unjudged("vLLM's log has forgotten the size of its KV cache");
  const found = `vLLM has ${count(measured)} tokens of KV cache, planned were ${count(low)} to ${count(high)}`;
  if (measured < low) {
    const causes = "another process may hold memory of the GPUs, or extra arguments and variables take it";
    return { verdict: "smaller than planned", text: `${found}: ${causes}` };
  }
  if (measured > high) return { verdict: "larger than planned", text: `${found}: the plan was too careful` };
  return { verdict: "as planned", text: found };
}

const unjudged = (text: string): KvCacheProof => ({ verdict: "not judged", text });

const count = (tokens: number) => Math.round(tokens).toLocaleString("en-US");
