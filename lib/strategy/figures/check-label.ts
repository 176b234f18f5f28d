/** Requirements whose id is no name that a reader knows. */
const LABELS: Readonly<Record<string, string>> = {
  "world-size": "number of GPUs",
  "heads-divisible": "attention heads",
  "kv-heads-divisible": "key-value heads",
  "mlp-divisible": "feed-forward width",
  "model-length": "length of a sequence",
  "weights-fit": "room for the weights",
  "one-sequence-fits": "room for one sequence",
  "memory-fraction": "memory demand",
  "memory-epsilon": "balance of memory",
  "max-batch": "sequences at once",
  "gpu-utilization": "GPU utilisation",
};

/** A requirement's id as words: "decode p99", "balance of memory". */
export const checkLabel = (id: string): string => LABELS[id] ?? id.replaceAll("-", " ");
