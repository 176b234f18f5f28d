import { hasOldRuntime } from "../engine/engine-profile";
import { hasChange } from "../engine/version-changes";
import { isBlackwell } from "../kernels/references";
import type { LatencyModelInput } from "../types";
import { type CalibratedConstants, calibrated } from "./calibrated";
import { modelKind } from "./model-kind";

/** How an engine's step differs from the sum of the measured kernels. */
export interface EngineTraits {
  readonly hostMsPerStep: number;
  readonly hostMsPerSequence: number;
  /** Decode attention against the measured kernels. */
  readonly decodeAttentionFactor: number;
  /** Least ms per layer of a step that no CUDA graph holds. */
  readonly eagerDispatchMsPerLayer: number;
  /** Time on the GPU against the measured kernels: of steps that a CUDA graph holds, and of those beyond. */
  readonly graphFactor: number;
  readonly eagerFactor: number;
}

/** What of a replica decides its traits. */
export type TraitsInput = Pick<LatencyModelInput, "model" | "gpu" | "engine" | "kvCacheDtype">;

/** Factors of a kind of model on a generation of GPUs; 1 for dense models below Blackwell. */
function kernelFactors({ model, gpu }: TraitsInput, constants: CalibratedConstants) {
  const kind = modelKind(model);
  const isNew = isBlackwell(gpu);
  const prefill = kind === "dense" ? 1 : constants[`${kind}PrefillFactor`];
  const decode = kind === "dense" ? 1 : constants[`${kind}DecodeFactor`];
  return {
    eagerFactor: prefill * (isNew ? constants.blackwellPrefillFactor : 1),
    graphFactor: decode * (isNew ? constants.blackwellDecodeFactor : 1),
  };
}

/** Host times of vLLM and SGLang by version and kind of model. */
function hostTimes({ model, engine }: TraitsInput, constants: CalibratedConstants) {
  const { hostMsPerStep, hostMsPerSequence } = constants;
  if (engine.name === "vLLM" && !hasChange(engine, "secondEngine"))
    return {
      hostMsPerStep: constants.firstEngineHostMsPerStep,
      hostMsPerSequence: constants.firstEngineHostMsPerSequence,
    };
  const isLight = model.experts !== undefined && hasChange(engine, "lightMixtureHostSeen");
  return {
    hostMsPerStep,
    hostMsPerSequence: isLight ? constants.mixtureHostMsPerSequence : hostMsPerSequence,
  };
}

/** Least ms per layer of a step of vLLM that no CUDA graph holds: the CPU launches it kernel by kernel. */
function dispatchMsPerLayer({ model, gpu, engine }: TraitsInput, constants: CalibratedConstants): number {
  if (engine.name !== "vLLM") return 0;
  const kind = modelKind(model);
  if (kind === "dense" && isBlackwell(gpu)) return constants.blackwellDispatchMsPerLayer;
  if (kind === "dense") return hasChange(engine, "launchCostSeen") ? constants.eagerDispatchMsPerLayer : 0;
  const isNewPlain = kind === "mixture" && isBlackwell(gpu);
  return constants[`${kind}DispatchMsPerLayer`] * (isNewPlain ? constants.blackwellMixtureDispatchFactor : 1);
}

/** Traits of an engine by name, version, model and GPU, from the fitted constants. */
export function engineTraits(input: TraitsInput, constants: CalibratedConstants = calibrated): EngineTraits {
  const { engine, kvCacheDtype } = input;
  if (engine.name === "TensorRT-LLM" || engine.name === "NIM") {
    const slow =
      kvCacheDtype === "fp8" ? constants.oldRuntimeDecodeFactorFp8 : constants.oldRuntimeDecodeFactorBf16;
    const isOld = engine.name === "TensorRT-LLM" && hasOldRuntime(engine);
    return {
      hostMsPerStep: constants.hostMsPerStep,
      hostMsPerSequence: 0,
      decodeAttentionFactor: isOld ? slow : 1,
      eagerDispatchMsPerLayer: 0,
      graphFactor: 1,
      eagerFactor: 1,
    };
  }
  return {
    ...hostTimes(input, constants),
    ...kernelFactors(input, constants),
    decodeAttentionFactor: 1,
    eagerDispatchMsPerLayer: dispatchMsPerLayer(input, constants),
  };
}
