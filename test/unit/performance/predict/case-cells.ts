import type { CaseCells } from "../../../../lib/performance";

/** A closed-loop row of vLLM FP8 at TP 4 with 16 clients: what a test does not vary. */
export function caseCells(changes: CaseCells = {}): CaseCells {
  return {
    id: "a-case",
    engine: "vLLM",
    model: "Llama-3.3-70B-Instruct",
    precision: "fp8",
    kv_cache_dtype: "bf16",
    gpu: "H100-SXM-80GB",
    tp: "4",
    pp: "1",
    dp: "1",
    isl: "8192",
    osl: "1024",
    range_ratio: "0.8",
    cached_prefix_tokens: "0",
    arrivals: "closed",
    concurrency: "16",
    request_rate: "",
    num_requests: "160",
    gpu_memory_utilization: "0.9",
    max_num_seqs: "16",
    max_num_batched_tokens: "8192",
    max_model_len: "9416",
    ...changes,
  };
}

/** A rate-driven row of vLLM BF16 at TP 4 with shared prefixes. */
export function rateCells(changes: CaseCells = {}): CaseCells {
  return caseCells({
    model: "Llama-3.1-70B-Instruct",
    precision: "bf16",
    isl: "566",
    osl: "247",
    range_ratio: "1",
    cached_prefix_tokens: "466",
    arrivals: "constant",
    concurrency: "",
    request_rate: "5",
    num_requests: "1500",
    max_num_seqs: "128",
    max_num_batched_tokens: "2048",
    max_model_len: "4096",
    ...changes,
  });
}
