import type { EngineProfile } from "../types";
import { compareVersions } from "./compare-versions";

interface VersionChange {
  readonly engine: EngineProfile["name"];
  /** First version that has it. */
  readonly since: string;
}

/** What a prediction must know of an engine's history: the one place that says "since". */
const changes = {
  /** The second engine (V1) by default: scheduler and workers no longer share a process with sampling and output. */
  secondEngine: { engine: "vLLM", since: "0.8" },
  /** The flag --async-scheduling, which the published runs switch on where it exists. */
  asynchronousFlag: { engine: "vLLM", since: "0.10" },
  /** The next batch is composed while one runs, by default. */
  asynchronousByDefault: { engine: "vLLM", since: "0.14" },
  /** Oldest version whose published rows show the launch cost of steps that no CUDA graph holds. */
  launchCostSeen: { engine: "vLLM", since: "0.14" },
  /** Oldest version whose rows of mixtures of experts show almost no host time per sequence. */
  lightMixtureHostSeen: { engine: "vLLM", since: "0.15" },
  /** A request is admitted only when its whole prompt fits (`scheduler_reserve_full_isl`): 0.19.0 has it, 0.18.1 not. */
  wholePromptsAdmitted: { engine: "vLLM", since: "0.19" },
  /** gpt-oss's experts run Triton's kernels on Hopper; vLLM 0.10.1 logs Marlin (vllm-project/vllm#23278). */
  tritonExperts: { engine: "vLLM", since: "0.11" },
  /**
   * First version known to free the scales that Triton's kernels were given in another layout: 0.14.1 keeps them
   * (64.38 GiB for gpt-oss-120b, vllm-project/vllm#33155), 0.33 deletes them (oracle/mxfp4.py).
   */
  freesReorderedScales: { engine: "vLLM", since: "0.33" },
  /** Experts with a scale a block may be cut through a block; before, vLLM does not start (vllm-project/vllm#25292). */
  cutsThroughBlocks: { engine: "vLLM", since: "0.33" },
  /** The version whose names of reasoning and tool-call parsers were read. */
  parserNames: { engine: "vLLM", since: "0.33" },
  /** Its own all-reduce kernel takes messages of every size; before, those of 8 MiB and more went to NCCL. */
  ownAllReduceAtAllSizes: { engine: "vLLM", since: "0.19" },
  /** CUDA graphs count inside the memory budget (v1/worker/gpu_worker.py, determine_available_memory). */
  graphsInsideBudget: { engine: "vLLM", since: "0.21" },
  /** gpu_memory_utilization is 0.92 by default, not 0.9 (ai-dynamo/aiconfigurator commit 095f58a, vLLM backend). */
  utilizationOf092: { engine: "vLLM", since: "0.22" },
  /** Steps of 16,384 tokens by default on GPUs of 160 GiB and more; oldest version whose sources were read for it. */
  largerStepsOnBlackwell: { engine: "vLLM", since: "0.33" },
  /** The Ray executor keeps asynchronous scheduling (RayExecutorV2, vLLM commit f04fd1677b). */
  asynchronousWithRay: { engine: "vLLM", since: "0.22" },
  /** The token in flight of a preempted request is still delivered: 0.28.0 does, 0.24.0 discards it. */
  tokensInFlightKept: { engine: "vLLM", since: "0.28" },
  /** A pipeline has stages + 1 batches in flight: model runner V2, the default for every model since 0.29.0. */
  pipelinesOneAhead: { engine: "vLLM", since: "0.29" },
  /** First version known to cut the FP8 blocks of experts to fit a rank (refine_fp8_moe_block_shape); before, it refused. */
  expertBlocksRefit: { engine: "vLLM", since: "0.32" },
  /** First version known to lack the compiler pass for sequence parallelism: 0.28 has it, 0.32's PassConfig does not. */
  noSequenceParallelism: { engine: "vLLM", since: "0.32" },
  /** --max-num-queued-reqs turns requests away; oldest version whose sources were read for it. */
  admissionLimits: { engine: "vLLM", since: "0.32" },
  /** --prefill-schedule-interval holds prompts back without data parallelism too: 0.33 does, 0.32 does not. */
  localPrefillInterval: { engine: "vLLM", since: "0.33" },
  /** The version whose speculative decoding was read: drafters of model runner V2, drafts scheduled ahead, their CUDA graphs. */
  speculativeDecoding: { engine: "vLLM", since: "0.33" },
  /** The version whose memory of LoRA adapters was read: slots by module, experts included. */
  loraAdapters: { engine: "vLLM", since: "0.33" },
  /** The version whose decode context parallelism was read: which degrees, which attention, which exchanges. */
  decodeContextParallel: { engine: "vLLM", since: "0.33" },
  /** The version whose load balancing of experts was read: which models and formats, how experts and copies are divided. */
  expertBalancing: { engine: "vLLM", since: "0.33" },
  /** The PyTorch runtime replaces the older one (release notes of 0.19). */
  pytorchRuntime: { engine: "TensorRT-LLM", since: "0.19" },
} as const satisfies Record<string, VersionChange>;

export type VersionChangeName = keyof typeof changes;

/** Every change that the table knows. */
export const VERSION_CHANGES = Object.keys(changes) as readonly VersionChangeName[];

/** Engine and first version of a change, such as `vLLM 0.21`. */
export function firstVersionWith(name: VersionChangeName): string {
  const { engine, since } = changes[name];
  return `${engine} ${since}`;
}

/**
 * Versions of vLLM between which the table speaks. The newest is the one whose sources were read for it; the oldest has a
 * published log that the planner meets (0.7.2, vllm-project/vllm#13061): what older ones do was never held against anything.
 */
export const KNOWN_VLLM = { oldest: "0.7", newest: "0.33" } as const;

/** The version by whose rules a newer one than any known is planned; undefined for a version that is known. */
export function rulesOf(version: string): string | undefined {
  const [major = "0", minor = "0"] = version.match(/\d+/g) ?? [];
  return compareVersions(`${major}.${minor}`, KNOWN_VLLM.newest) > 0 ? KNOWN_VLLM.newest : undefined;
}

/** Does an engine have a change? Never for another engine than the change is of. */
export function hasChange(
  { name, version }: Pick<EngineProfile, "name" | "version">,
  change: VersionChangeName,
): boolean {
  const { engine, since } = changes[change];
  return name === engine && compareVersions(version, since) >= 0;
}
