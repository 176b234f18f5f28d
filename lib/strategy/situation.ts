import {
  type Draft,
  type Hardware,
  type ModelArchitecture,
  resolveDraft,
  resolveHardware,
  resolveModel,
} from "../catalog";
import { type Deployment, UserError, weightRequest } from "../config";
import {
  acceptanceOf,
  compareVersions,
  type EngineProfile,
  engineProfile,
  firstVersionFor,
  hasChange,
  KNOWN_VLLM,
  type LatencyModelInput,
  type Speculation,
} from "../performance";

/** What every step of the planner reads: the deployment and the catalogue rows that it names. */
export interface Situation {
  readonly deployment: Deployment;
  readonly model: ModelArchitecture;
  readonly hardware: Hardware;
  readonly engine: EngineProfile;
  readonly network: LatencyModelInput["network"];
  /** What drafts tokens, and how many of them are accepted; absent without speculative decoding. */
  readonly draft?: Draft & Speculation;
}

export interface PlanOptions {
  /** Parsed content of the file that `model.configPath` names. */
  readonly modelConfig?: unknown;
  /** Parsed config.json of `serving.speculative.model` where the catalogue does not have it (`draftConfigOf`). */
  readonly draftConfig?: unknown;
}

/** vLLM as the deployment runs it. */
function engineOf({ serving }: Deployment): EngineProfile {
  const { vllmVersion: version, executor } = serving;
  const offWithRay = executor === "ray" && !hasChange({ name: "vLLM", version }, "asynchronousWithRay");
  return engineProfile("vLLM", { version, ...(offWithRay ? { asynchronous: false } : {}) });
}

/**
 * Link between nodes at its rated speed; the step model takes the share of it that messages reach. EFA: microsoft/vidur
 * measured 36 GB/s of a 50 GB/s port and 54 us for 1 MB across nodes, which leaves 25 us. TCP: assumed one ENA port of at
 * most 100 Gbit/s shared by the node's GPUs, 60 us a message.
 */
function networkBetween({ hardware }: Deployment, { instance }: Hardware): Situation["network"] {
  const lineBytesPerSecond = (instance.networkGbps * 1e9) / 8;
  if (hardware.network === "efa") {
    return { bytesPerSecondPerGpu: lineBytesPerSecond / instance.gpus, latencyUs: 25 };
  }
  return { bytesPerSecondPerGpu: Math.min(lineBytesPerSecond, 12.5e9) / instance.gpus, latencyUs: 60 };
}

/** Quantising while loading needs an unquantised checkpoint or one of the same kind; a method needs a checkpoint of it. */
function assertPrecision({ name, checkpoint }: ModelArchitecture, model: Deployment["model"]): void {
  const request = weightRequest(model);
  if (request.kind === "as stored") return;
  const formats = Object.values(checkpoint?.formats ?? {});
  const stored = checkpoint ? `by ${checkpoint.method} (${formats.at(-1)})` : "in 16 bits";
  const isAlike = (format: string) =>
    model.precision === "fp8"
      ? format.startsWith("fp8")
      : request.kind === "on load" && format === request.format;
  const fits =
    request.kind === "on load"
      ? !checkpoint || (request.format !== "w8a16" && formats.some(isAlike))
      : checkpoint?.method.startsWith(request.method);
  if (fits) return;
  throw new UserError({
    code: "precision-of-checkpoint",
    where: "model.precision",
    message:
      request.kind === "on load"
        ? `${name} is stored ${stored}, which vLLM does not quantise again to ${model.precision}`
        : `${name} is stored ${stored}, and vLLM loads ${model.precision} only from a checkpoint of that kind`,
    hint:
      request.kind === "on load"
        ? "leave model.precision out: the weights stay as the checkpoint stores them"
        : "name the quantised repository in model.name and give its config.json in model.configPath",
  });
}

/** Rules are known of no version that old: it would be planned as another one. */
function assertVersion({ serving: { vllmVersion } }: Deployment): void {
  if (compareVersions(vllmVersion, KNOWN_VLLM.oldest) >= 0) return;
  throw new UserError({
    code: "version-unknown",
    where: "serving.vllmVersion",
    message: `vLLM ${vllmVersion} is older than ${KNOWN_VLLM.oldest}, the oldest version of which rules are known`,
    hint: `set ${KNOWN_VLLM.oldest}.0 or a later one; ${KNOWN_VLLM.newest}.0 is the version that was read`,
  });
}

/** A version from before the model has no class for it and does not start. */
function assertClass(
  { name, modelType = "" }: ModelArchitecture,
  { serving: { vllmVersion } }: Deployment,
): void {
  const first = firstVersionFor(modelType);
  if (first === undefined || compareVersions(vllmVersion, first) >= 0) return;
  throw new UserError({
    code: "version-without-model",
    where: "serving.vllmVersion",
    message: `vLLM ${vllmVersion} has no class for ${name} (model_type ${modelType})`,
    hint: `set ${first} or a later one`,
  });
}

/** How many tokens are drafted, and how many of them are accepted. */
function speculationOf({ serving }: Deployment): Speculation {
  const { draftTokens, acceptance, acceptanceLength = 1 } = serving.speculative;
  return { draftTokens, acceptance: acceptance ?? acceptanceOf(acceptanceLength, draftTokens) };
}

/**
 * Looks up everything the deployment names. Throws a UserError for names that the catalogue lacks, and for a version of vLLM
 * that no rule is known of.
 */
export function readSituation(deployment: Deployment, options: PlanOptions = {}): Situation {
  assertVersion(deployment);
  const model = resolveModel(deployment.model, options.modelConfig);
  assertClass(model, deployment);
  assertPrecision(model, deployment.model);
  // One name from here on: what the report says is what the hosts download and serve.
  return situationOf(
    { ...deployment, model: { ...deployment.model, name: model.name } },
    model,
    resolveDraft(deployment, model, options.draftConfig),
  );
}

/** The situation of a deployment whose model, and what drafts for it, are already known. */
export function situationOf(deployment: Deployment, model: ModelArchitecture, draft?: Draft): Situation {
  const hardware = resolveHardware(deployment.hardware);
  return {
    deployment,
    model,
    hardware,
    engine: engineOf(deployment),
    network: networkBetween(deployment, hardware),
    ...(draft ? { draft: { ...draft, ...speculationOf(deployment) } } : {}),
  };
}
