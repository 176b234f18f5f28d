import { PARSED_FLAGS, SHORT_FLAGS } from "./vllm-flag-values";
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

/** Keys of nested options that the plan decides, with what to do instead: the same in every spelling of the option. */
export const PLANNED_KEYS: Readonly<Record<string, string>> = {
  "compilation-config.pass_config.enable_sp":
    "strategy.sequenceParallel with a vLLM before 0.32, or remove it: later ones have no sequence parallelism",
  "compilation-config.cudagraph_capture_sizes": "serving.maxCudaGraphTokens",
  "compilation-config.max_cudagraph_capture_size": "serving.maxCudaGraphTokens",
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
  help: "vLLM prints its help and ends",
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

/**
 * Full names of the flags that an argument's flag may mean, without dashes: vLLM takes `_` for `-` before the first dot, any
 * beginning of a name (that no other flag shares), short flags, and of those with one letter a value attached (`-qawq`).
 */
export function flagNames(written: string): readonly string[] {
  const [head = ""] = written.split(".");
  if (head === "-O") return ["optimization-level"];
  if (head.startsWith("--")) {
    const name = head.slice(2).replaceAll("_", "-");
    return PARSED_FLAGS.includes(name) ? [name] : PARSED_FLAGS.filter((known) => known.startsWith(name));
  }
  const name = head.slice(1);
  const exact = SHORT_FLAGS[name];
  if (exact !== undefined) return [exact];
  const fitting = Object.keys(SHORT_FLAGS).filter((one) => name.startsWith(one) || one.startsWith(name));
  return fitting.map((one) => SHORT_FLAGS[one] ?? one);
}

/** What of a set of judged names a flag is said by. */
function judged(names: readonly string[], has: (name: string) => boolean): string | undefined {
  return names.flatMap(positives).find(has);
}

/**
 * What a flag of `vllm serve` may do, with the keys that it sets where it is a nested option (`pass_config.enable_sp`). Where
 * a beginning fits several flags, the one that would do the most counts: a plan is not overruled by an abbreviation.
 */
export function flagStanding(written: string, keys: readonly string[] = []): FlagStanding {
  const names = flagNames(written);
  const decided = names.flatMap((name) => keys.flatMap((key) => PLANNED_KEYS[`${name}.${key}`] ?? []));
  const planned = judged(names, (name) => Object.hasOwn(PLANNED_FLAGS, name));
  const setInstead = planned === undefined ? decided[0] : PLANNED_FLAGS[planned];
  if (setInstead !== undefined) return { kind: "planned", flag: written, setInstead };
  const fixed = judged(names, (name) => Object.hasOwn(FIXED_FLAGS, name));
  if (fixed !== undefined) return { kind: "fixed", flag: written, why: FIXED_FLAGS[fixed] ?? "" };
  if (names.length === 0) return { kind: "unknown", flag: written };
  const isHarmless = names.every((name) => positives(name).some((one) => harmless.has(one)));
  return { kind: isHarmless ? "harmless" : "unproven", flag: written };
}
