import { cachePrecision, weightRequest } from "../config";
import { captureSizes } from "../performance";
import type { Plan } from "../strategy";
import { admissionLimit } from "./admission-limit";
import { hostPaths } from "./host-paths";
import { modelFlags } from "./model-flags";
import { type EngineServer, firstServer, listenAddress, serverPorts } from "./servers";

/** Seconds that vLLM lets running requests finish after SIGTERM; systemd waits twice as long. */
export const DRAIN_SECONDS = 60;

/** The name that clients put into their requests. */
export function servedModelName({ deployment: { model } }: Plan): string {
  return model.servedName ?? model.name;
}

/**
 * The arguments after `vllm serve` of one of the plan's servers, from the plan alone.
 *
 * Data parallelism is vLLM's own (`--data-parallel-size`) only where replicas share experts and step together; others are
 * servers of their own behind the gateway, so that one can fail or restart while the others serve.
 *
 * Names and rules follow vLLM's `arg_utils.py` (0.28 to 0.33); the executor is always named, because vLLM would
 * otherwise choose multiprocessing on one node and leave a Ray cluster idle.
 */
export function vllmArguments(plan: Plan, server = firstServer(plan), address = "<node_ip>"): string[] {
  return [
    hostPaths(plan).model,
    ...["--served-model-name", servedModelName(plan)],
    ...parallelism(plan, server),
    ...envelope(plan, server),
    ...precision(plan),
    ...speculation(plan),
    ...adapters(plan),
    ...api(plan, server, address),
    ...modelFlags(plan),
    ...plan.deployment.serving.extraArgs,
    ...plan.deployment.serving.unprovenArgs,
  ];
}

function parallelism({ strategy, serving, deployment }: Plan, { replicas }: EngineServer): string[] {
  const { decodeContextParallel: shared } = deployment.serving;
  return [
    ...["--tensor-parallel-size", `${strategy.tensorParallel}`],
    ...["--pipeline-parallel-size", `${strategy.pipelineParallel}`],
    ...(replicas > 1 ? dataParallelism(replicas, deployment, serving.executor) : []),
    ...(shared > 1 ? ["--decode-context-parallel-size", `${shared}`] : []),
    ...(strategy.expertParallel > 1 ? ["--enable-expert-parallel"] : []),
    ...(strategy.expertParallel > 1 ? balancing(deployment) : []),
    // vLLM's sequence parallelism is a pass of its compiler, not a degree: it is on for the whole tensor group. The
    // planner allows it only for versions that have the pass.
    ...(strategy.sequenceParallel > 1 ? ["--compilation-config.pass_config.enable_sp", "true"] : []),
    ...["--distributed-executor-backend", serving.executor],
  ];
}

/** Moving and copying of experts; how well it balances is an input of the plan, not of vLLM. */
function balancing({ serving: { eplb } }: Plan["deployment"]): string[] {
  if (!eplb.enabled) return [];
  const config = { num_redundant_experts: eplb.redundantExperts };
  return ["--enable-eplb", ...(eplb.redundantExperts > 0 ? ["--eplb-config", JSON.stringify(config)] : [])];
}

/** Over several nodes each node starts its share of the replicas; Ray places the others. */
function dataParallelism(
  replicas: number,
  { hardware }: Plan["deployment"],
  executor: "ray" | "mp",
): string[] {
  const local = replicas % hardware.nodes === 0 ? replicas / hardware.nodes : replicas;
  return [
    ...["--data-parallel-size", `${replicas}`],
    ...["--data-parallel-size-local", `${executor === "ray" ? local : replicas}`],
    ...["--data-parallel-backend", executor],
  ];
}

function envelope(plan: Plan, engine: EngineServer): string[] {
  const { serving, deployment } = plan;
  const { prefixCaching, enforceEager } = deployment.serving;
  const limit = admissionLimit(plan, engine);
  return [
    ...["--max-model-len", `${serving.maxModelLen}`],
    ...["--max-num-batched-tokens", `${serving.maxNumBatchedTokens}`],
    ...["--max-num-seqs", `${serving.maxNumSeqs}`],
    ...["--gpu-memory-utilization", `${serving.gpuMemoryUtilization}`],
    ...(serving.prefillInterval > 1 ? ["--prefill-schedule-interval", `${serving.prefillInterval}`] : []),
    ...(serving.watermark > 0 ? ["--watermark", `${serving.watermark}`] : []),
    ...(limit === undefined ? [] : ["--max-num-queued-reqs", `${limit}`]),
    prefixCaching ? "--enable-prefix-caching" : "--no-enable-prefix-caching",
    ...(enforceEager ? ["--enforce-eager"] : cudaGraphs(serving)),
  ];
}

/** The captured steps that the plan counts on: vLLM's own list as far as it reaches, else each size by name. */
function cudaGraphs({ cudaGraphs: graphs }: Plan["serving"]): string[] {
  if (graphs.largestTokens === 0) return [];
  if (graphs.stride === VLLM_STRIDE) return ["--max-cudagraph-capture-size", `${graphs.largestTokens}`];
  return ["--cudagraph-capture-sizes", ...captureSizes(graphs).map(String)];
}

/** Distance of the sizes above 256 tokens that vLLM captures by itself. */
const VLLM_STRIDE = 16;

/** Whether the weights are stored quantised: the config.json says so; of a row of the catalogue only the name is known. */
export const isQuantizedCheckpoint = ({ deployment, model }: Plan): boolean =>
  model.checkpoint !== undefined || (model.tensors === undefined && /fp8/i.test(deployment.model.name));

/** `auto` keeps the cache in the compute type; weights are quantised while loading unless the checkpoint already is. */
function precision(plan: Plan): string[] {
  const { model, serving } = plan.deployment;
  const request = weightRequest(model);
  return [
    ...["--dtype", serving.dtype],
    ...["--kv-cache-dtype", cacheType(plan)],
    ...(request.kind === "on load" && !isQuantizedCheckpoint(plan) ? ["--quantization", request.flag] : []),
  ];
}

/** vLLM's `auto` follows a checkpoint that was calibrated for an FP8 cache: against the plan's 16 bits that is said. */
function cacheType({ model, deployment }: Plan): string {
  const { kvCacheDtype } = deployment.model;
  if (kvCacheDtype === "fp8_e5m2" || kvCacheDtype === "fp8_ds_mla" || kvCacheDtype === "float16")
    return kvCacheDtype;
  if (cachePrecision(deployment.model) === "fp8") return "fp8";
  return model.checkpoint?.calibratedCache ? "bfloat16" : "auto";
}

/** Who drafts, and how many tokens: all else of speculative decoding is left as vLLM has it. */
function speculation(plan: Plan): string[] {
  const { draft, deployment } = plan;
  if (!draft) return [];
  const { draft: model } = hostPaths(plan);
  const config = {
    method: draft.method,
    ...(model === undefined ? {} : { model }),
    num_speculative_tokens: deployment.serving.speculative.draftTokens,
  };
  return ["--speculative-config", JSON.stringify(config)];
}

/** Room for adapters; which they are is the user's to say (--lora-modules). */
function adapters({ deployment }: Plan): string[] {
  const { maxLoras, maxRank, fullySharded, targetModules } = deployment.serving.lora;
  if (maxLoras === 0) return [];
  return [
    "--enable-lora",
    ...["--max-loras", `${maxLoras}`],
    ...["--max-lora-rank", `${maxRank}`],
    ...(fullySharded ? ["--fully-sharded-loras"] : []),
    ...(targetModules.length > 0 ? ["--lora-target-modules", ...targetModules] : []),
  ];
}

/** Never for the public: vLLM's own key does not protect every path, the gateway does. */
function api(plan: Plan, server: EngineServer, address: string): string[] {
  return [
    ...["--host", listenAddress(plan, server, address)],
    ...["--port", `${serverPorts(server).vllm}`],
    ...["--shutdown-timeout", `${DRAIN_SECONDS}`],
    ...["--disable-access-log-for-endpoints", "/health,/metrics"],
  ];
}
