import { findGpu, type ModelArchitecture, modelConfigOf, resolveModel } from "../../catalog";
import { type Deployment, type DeploymentInput, parseDeployment, UserError } from "../../config";
import {
  cachesPrefixesByDefault,
  defaultUtilization,
  engineProfile,
  type SchedulerLimits,
  schedulerLimits,
} from "../../performance";
import { hardwareOf, type Machines } from "./machines";
import type { ServeLine } from "./serve-line";

/** A line, where it runs, and what is asked of it. */
export interface LineQuestion {
  readonly line: Pick<ServeLine, "model" | "flags">;
  readonly version: string;
  readonly machines: Machines;
  /** `--set` texts: of the workload and its targets, or of what no flag says. */
  readonly set: readonly string[];
  /** Servers with the same line that share the load, and the hosts that all of them run on. */
  readonly alike?: { readonly servers: number; readonly hosts: Machines };
}

/** A line as a deployment with everything pinned, vLLM's defaults included. */
export interface LineDeployment {
  readonly deployment: Deployment;
  readonly model: ModelArchitecture;
  readonly modelConfig: unknown;
  /** What vLLM says when it refuses values that no deployment can have. */
  readonly refused: readonly string[];
  readonly remarks: readonly string[];
}

/** A number as vLLM writes it: `4k` is 4,000, `4K` 4,096. */
export function sizeOf(text: string): number {
  const [, digits = text, unit = ""] = /^\s*([\d.]+)\s*([kmgtKMGT]?)\s*$/.exec(text) ?? [];
  const power = " kmgt".indexOf(unit.toLowerCase() || " ");
  const base = unit === unit.toUpperCase() ? 1024 : 1000;
  return Math.floor(Number(digits) * base ** power);
}

type Flags = ServeLine["flags"];
const text = (flags: Flags, name: string): string | undefined => flags.get(name)?.at(-1);
const number = (flags: Flags, name: string): number | undefined => {
  const value = text(flags, name);
  return value === undefined || value === "None" ? undefined : sizeOf(value);
};
const isOn = (flags: Flags, name: string): boolean | undefined => {
  const value = text(flags, name);
  return value === undefined ? undefined : value === "true";
};

/** Ranks of the line. */
export function degreesOf(flags: Flags) {
  const degree = (name: string) => Math.max(1, number(flags, name) ?? 1);
  const tensorParallel = degree("tensor-parallel-size");
  const pipelineParallel = degree("pipeline-parallel-size");
  const dataParallel = degree("data-parallel-size");
  return {
    tensorParallel,
    pipelineParallel,
    dataParallel,
    gpus: tensorParallel * pipelineParallel * dataParallel,
  };
}

/** A repository's name of a path on a host: the last folder, or what the hub's cache calls it. */
function repositoryOf(model: string): string {
  const cached = /models--([^/]+?)--([^/]+)/.exec(model);
  if (cached) return `${cached[1]}/${cached[2]}`;
  const isPath = /^[./~]/.test(model) || model.split("/").length > 2;
  return isPath ? (model.replace(/\/+$/, "").split("/").at(-1) ?? model) : model;
}

/** `kv` and `quantization` of a checkpoint that brings its own, as vLLM takes them. */
function precisionsOf(flags: Flags, model: ModelArchitecture): DeploymentInput["model"] {
  const cache = text(flags, "kv-cache-dtype") ?? "auto";
  const method = text(flags, "quantization");
  const isOwn = method === undefined || method === "None" || model.checkpoint?.method.startsWith(method);
  return {
    kvCacheDtype: (cache === "auto" && model.checkpoint?.calibratedCache
      ? "fp8"
      : cache) as Deployment["model"]["kvCacheDtype"],
    ...(isOwn ? {} : { precision: method as Deployment["model"]["precision"] }),
  };
}

/** First compute capability with BF16: below it `auto` computes in FP16. */
const BF16_SINCE = 8;

function typeOf(flags: Flags, gpu: string): Deployment["serving"]["dtype"] {
  const said = text(flags, "dtype") ?? "auto";
  if (said === "half" || said === "float16") return "float16";
  if (said === "bfloat16") return "bfloat16";
  if (said === "auto")
    return (findGpu(gpu).computeCapability ?? BF16_SINCE) < BF16_SINCE ? "float16" : "bfloat16";
  throw new UserError({
    code: "dtype-not-counted",
    where: `--dtype ${said}`,
    message: "computing in 32 bits is not counted",
    hint: "check the line with bfloat16 or float16",
  });
}

/** Drafts that are priced, of a speculative configuration. */
function speculationOf(flags: Flags): {
  readonly speculative?: DeploymentInput["serving"];
  readonly remark?: string;
} {
  const written = text(flags, "speculative-config");
  if (written === undefined) return {};
  const config = JSON.parse(written) as Record<string, unknown>;
  const method = String(config.method ?? (config.model === undefined ? "" : "draft_model"));
  const priced = /^(mtp|.*_mtp|eagle3|draft_model)$/.test(method);
  if (!priced)
    return { remark: `Speculative decoding by ${method || "nothing that is named"} is not counted.` };
  const speculative = {
    method: (method.endsWith("mtp") ? "mtp" : method) as "mtp" | "eagle3" | "draft_model",
    ...(method.endsWith("mtp") || typeof config.model !== "string" ? {} : { model: config.model }),
    draftTokens: Number(config.num_speculative_tokens ?? 1),
    acceptance: 0,
  };
  return {
    speculative: { speculative },
    remark: "Speed counts no accepted draft: say how many are with --set serving.speculative.acceptance=0.7.",
  };
}

/** Steps that are captured, where the line says it. */
function graphsOf(flags: Flags): number | undefined {
  const sizes = flags.get("cudagraph-capture-sizes")?.map(Number) ?? [];
  return sizes.length > 0 ? Math.max(...sizes) : number(flags, "max-cudagraph-capture-size");
}

/** Lengths of a workload that nobody described, where the context is shorter than the longest of the default ones. */
function lengthsWithin(maxModelLen: number): DeploymentInput["workload"] {
  if (maxModelLen >= 8192) return {};
  const part = (share: number) => ({
    kind: "fixed" as const,
    tokens: Math.max(1, Math.floor(maxModelLen * share)),
  });
  return { promptTokens: part(0.5), outputTokens: part(0.25) };
}

const NO_EXPERTS =
  "ValueError: Number of experts in the model must be greater than 0 when expert parallelism is enabled.";

/** Room for adapters, where the line serves some. */
function adaptersOf(flags: Flags): DeploymentInput["serving"] {
  if (isOn(flags, "enable-lora") !== true) return {};
  const maxRank = (number(flags, "max-lora-rank") ?? 16) as Deployment["serving"]["lora"]["maxRank"];
  const fullySharded = isOn(flags, "fully-sharded-loras") === true;
  return { lora: { maxLoras: number(flags, "max-loras") ?? 1, maxRank, fullySharded } };
}

/**
 * The deployment that a line stands for: its flags, and for the rest what vLLM of that version takes on that GPU, not what a
 * plan would choose. Throws a UserError for a model, a precision or a method that cannot be planned.
 */
export function lineDeployment({ line, version, machines, set }: LineQuestion): LineDeployment {
  const { flags } = line;
  const named = { name: repositoryOf(line.model ?? "") };
  const asked = parseDeployment(
    { model: named },
    set.filter((each) => each.startsWith("model.")),
    "check",
  );
  const modelConfig = modelConfigOf(asked);
  const model = resolveModel(asked.model, modelConfig);
  const gpu = findGpu(machines.gpu);
  const engine = engineProfile("vLLM", { version });
  const refused: string[] = [];
  const remarks: string[] = [];

  const length = number(flags, "max-model-len") ?? model.maxPositionEmbeddings;
  const maxModelLen = Number.isFinite(length) && length > 0 ? length : model.maxPositionEmbeddings;
  const limits = limitsOf(
    flags,
    schedulerLimits(given(flags), { engine, gpu, maxModelLen }),
    maxModelLen,
    refused,
  );
  const utilization = Number(text(flags, "gpu-memory-utilization") ?? defaultUtilization(engine));
  if (utilization > 1)
    refused.push(`ValueError: GPU memory utilization must be less than 1.0. Got ${utilization}.`);

  const { gpus, ...degrees } = degreesOf(flags);
  const spreads = isOn(flags, "enable-expert-parallel") === true;
  if (spreads && !model.experts) refused.push(NO_EXPERTS);
  const hardware = hardwareOf(machines, gpus);
  const { speculative, remark } = speculationOf(flags);
  if (remark !== undefined) remarks.push(remark);
  const captured = graphsOf(flags);
  const hasRay = text(flags, "distributed-executor-backend") === "ray" || (hardware?.nodes ?? 1) > 1;
  const input: DeploymentInput = {
    model: { ...named, ...precisionsOf(flags, model) },
    hardware,
    strategy: {
      ...degrees,
      expertParallel: spreads && model.experts ? degrees.tensorParallel * degrees.dataParallel : 1,
      sequenceParallel: 1,
    },
    workload: lengthsWithin(maxModelLen),
    // What a plan keeps free is no rule of a line: it starts or not, and meets its targets or not.
    envelope: {
      ...limits,
      maxModelLen,
      maxBatchSize: limits.maxNumSeqs,
      ...{ maxMemoryFraction: 1, memoryEpsilon: 10, gpuUtilizationTarget: 1 },
    },
    serving: {
      ...limits,
      vllmVersion: version,
      executor: hasRay ? "ray" : "mp",
      gpuMemoryUtilization: Math.min(1, utilization),
      dtype: typeOf(flags, machines.gpu),
      prefixCaching: isOn(flags, "enable-prefix-caching") ?? cachesPrefixesByDefault(engine),
      enforceEager: isOn(flags, "enforce-eager") === true,
      ...(captured === undefined ? {} : { maxCudaGraphTokens: Math.max(1, captured) }),
      // A line is one engine, whatever its ranks share.
      oneEngine: true,
      decodeContextParallel: number(flags, "decode-context-parallel-size") ?? 1,
      prefillInterval: number(flags, "prefill-schedule-interval") ?? 1,
      watermark: Number(text(flags, "watermark") ?? 0),
      ...(isOn(flags, "enable-eplb") ? { eplb: { enabled: true } } : {}),
      ...adaptersOf(flags),
      ...speculative,
    },
  };
  return { deployment: parseDeployment(input, set, "check"), model, modelConfig, refused, remarks };
}

function given(flags: Flags): Partial<SchedulerLimits> {
  const maxNumSeqs = number(flags, "max-num-seqs");
  const maxNumBatchedTokens = number(flags, "max-num-batched-tokens");
  return {
    ...(maxNumSeqs === undefined ? {} : { maxNumSeqs }),
    ...(maxNumBatchedTokens === undefined ? {} : { maxNumBatchedTokens }),
  };
}

/** The limits of a line as vLLM's configuration takes them; what it refuses is said. */
function limitsOf(
  flags: Flags,
  limits: SchedulerLimits,
  maxModelLen: number,
  refused: string[],
): SchedulerLimits {
  const isWhole = isOn(flags, "enable-chunked-prefill") === false;
  const isSaid = flags.has("max-num-batched-tokens");
  const tokens =
    isWhole && !isSaid ? Math.max(maxModelLen, limits.maxNumBatchedTokens) : limits.maxNumBatchedTokens;
  if (isWhole && tokens < maxModelLen)
    refused.push(
      `ValueError: max_num_batched_tokens (${tokens}) is smaller than max_model_len (${maxModelLen}). This effectively limits the maximum sequence length to max_num_batched_tokens and makes vLLM reject longer sequences.`,
    );
  if (tokens < limits.maxNumSeqs)
    refused.push(
      `ValueError: max_num_batched_tokens (${tokens}) must be greater than or equal to max_num_seqs (${limits.maxNumSeqs}).`,
    );
  return { maxNumSeqs: Math.min(limits.maxNumSeqs, tokens), maxNumBatchedTokens: tokens };
}
