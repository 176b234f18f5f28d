import flags from "./vllm-flags.json";

/** Flags that the plan decides, with what to set instead. */
export const PLANNED_FLAGS: Readonly<Record<string, string>> = {
  model: "model.name",
  "served-model-name": "model.servedName",
  config: "the stack file: vLLM would read a second one",
  "ssl-keyfile": "gateway.domain",
  "ssl-certfile": "gateway.domain",
  "ssl-ca-certs": "gateway.domain",
  "ssl-cert-reqs": "gateway.domain",
  "ssl-ciphers": "gateway.domain",
  "api-key": "the secret shardplan:apiKey",
  "hf-token": "the secret shardplan:huggingFaceToken",
  "tensor-parallel-size": "strategy.tensorParallel",
  "pipeline-parallel-size": "strategy.pipelineParallel",
  "data-parallel-size": "strategy.dataParallel",
  "data-parallel-size-local": "strategy.dataParallel",
  "data-parallel-backend": "serving.executor",
  "data-parallel-rank": "strategy.dataParallel",
  "data-parallel-start-rank": "strategy.dataParallel",
  "data-parallel-address": "strategy.dataParallel",
  "data-parallel-rpc-port": "strategy.dataParallel",
  "data-parallel-external-lb": "strategy.dataParallel",
  "data-parallel-hybrid-lb": "strategy.dataParallel",
  "data-parallel-multi-port-external-lb": "strategy.dataParallel",
  "data-parallel-supervisor-port": "strategy.dataParallel",
  "enable-expert-parallel": "strategy.expertParallel",
  "compilation-config.pass-config.enable-sp": "strategy.sequenceParallel",
  "distributed-executor-backend": "serving.executor",
  nnodes: "hardware.nodes",
  "node-rank": "hardware.nodes",
  "master-addr": "hardware.nodes",
  "master-port": "hardware.nodes",
  headless: "hardware.nodes",
  "max-model-len": "envelope.maxModelLen",
  "max-num-seqs": "serving.maxNumSeqs",
  "max-num-batched-tokens": "serving.maxNumBatchedTokens",
  "max-num-queued-reqs": "serving.maxQueuedRequests",
  "prefill-schedule-interval": "serving.prefillInterval",
  watermark: "serving.watermark",
  "gpu-memory-utilization": "serving.gpuMemoryUtilization",
  "device-memory-utilization": "serving.gpuMemoryUtilization",
  "kv-cache-memory-bytes": "serving.gpuMemoryUtilization",
  "num-gpu-blocks-override": "serving.gpuMemoryUtilization",
  "enable-prefix-caching": "serving.prefixCaching",
  "enforce-eager": "serving.enforceEager",
  "cudagraph-capture-sizes": "serving.maxCudaGraphTokens",
  "max-cudagraph-capture-size": "serving.maxCudaGraphTokens",
  dtype: "serving.dtype",
  "kv-cache-dtype": "model.kvCacheDtype",
  quantization: "model.precision",
  "decode-context-parallel-size": "serving.decodeContextParallel",
  "enable-eplb": "serving.eplb.enabled",
  "eplb-config": "serving.eplb",
  "speculative-config": "serving.speculative",
  "spec-method": "serving.speculative",
  "spec-model": "serving.speculative",
  "spec-tokens": "serving.speculative",
  "enable-lora": "serving.lora.maxLoras",
  "max-loras": "serving.lora.maxLoras",
  "max-lora-rank": "serving.lora.maxRank",
  "fully-sharded-loras": "serving.lora.fullySharded",
  "lora-target-modules": "serving.lora.targetModules",
};

/** Flags that nothing sets otherwise: what the deployment counts on instead. */
const FIXED_FLAGS: Readonly<Record<string, string>> = {
  host: "vLLM listens on loopback behind the gateway",
  port: "the gateway and the checks count on the port",
  uds: "the gateway reaches vLLM over loopback",
  grpc: "the gateway speaks HTTP",
  "grpc-port": "the gateway speaks HTTP",
  "api-server-count": "the simulation counts one",
  "enable-chunked-prefill": "the plan counts on chunked prefill",
  "shutdown-timeout": "systemd counts on it",
  "disable-access-log-for-endpoints": "the plan sets it",
};

/** What is known of a flag of `vllm serve`. */
export type FlagStanding =
  | { readonly kind: "planned"; readonly flag: string; readonly setInstead: string }
  | { readonly kind: "fixed"; readonly flag: string; readonly why: string }
  /** Changes what clients or operators see, nothing that was proved. */
  | { readonly kind: "harmless"; readonly flag: string }
  /** vLLM takes it, and it may change what was proved. */
  | { readonly kind: "unproven"; readonly flag: string }
  | { readonly kind: "unknown"; readonly flag: string };

const harmless = new Set(flags.harmless);
const unproven = new Set(flags.unproven);
const short: Readonly<Record<string, string>> = flags.short;

/** Every long flag by its name without dashes. */
export const KNOWN_FLAGS: readonly string[] = [
  ...Object.keys(PLANNED_FLAGS),
  ...Object.keys(FIXED_FLAGS),
  ...harmless,
  ...unproven,
];

/** `--no-enable-x` and `--disable-x` are `--enable-x` said otherwise. */
function positives(name: string): string[] {
  const bare = name.replace(/^no-/, "");
  return [name, bare, bare.replace(/^disable-/, "enable-")];
}

/** Names that a long flag may mean: vLLM takes `_` for `-` before the first dot, and any unambiguous beginning. */
function meanings(name: string): string[] {
  const [head = "", ...rest] = name.replaceAll("_", "-").split(".");
  const dotted = [head, ...rest].join(".");
  const exact = [dotted, head].flatMap(positives).filter((one) => KNOWN_FLAGS.includes(one));
  if (exact.length > 0) return exact;
  return positives(head).flatMap((one) => KNOWN_FLAGS.filter((known) => known.startsWith(one)));
}

/** Names that a short flag may mean: with its value attached (`-tp4`), or cut short. */
function shortMeanings(name: string): string[] {
  const fitting = Object.keys(short).filter((one) => name.startsWith(one) || one.startsWith(name));
  return fitting.map((one) => short[one] ?? one);
}

/**
 * What an argument of `vllm serve` that starts with a dash may do, its value left out. Where a beginning fits several
 * flags, the one that would do the most counts: a plan is not overruled by an abbreviation.
 */
export function flagStanding(argument: string): FlagStanding {
  const written = argument.split("=")[0] ?? argument;
  const names = written.startsWith("--") ? meanings(written.slice(2)) : shortMeanings(written.slice(1));
  const planned = names.find((name) => Object.hasOwn(PLANNED_FLAGS, name));
  if (planned !== undefined) {
    return { kind: "planned", flag: written, setInstead: PLANNED_FLAGS[planned] ?? "" };
  }
  const fixed = names.find((name) => Object.hasOwn(FIXED_FLAGS, name));
  if (fixed !== undefined) return { kind: "fixed", flag: written, why: FIXED_FLAGS[fixed] ?? "" };
  if (names.length === 0) return { kind: "unknown", flag: written };
  return { kind: names.every((name) => harmless.has(name)) ? "harmless" : "unproven", flag: written };
}
