import { hasOldRuntime } from "../engine/engine-profile";
import { hasChange } from "../engine/version-changes";
import type { EngineProfile, Precision } from "../types";
import { type CalibratedConstants, calibrated } from "./calibrated";

/** How an engine's step differs from the sum of the measured kernels. */
export interface EngineTraits {
  readonly hostMsPerStep: number;
  readonly hostMsPerSequence: number;
  /** Decode attention against the measured kernels. */
  readonly decodeAttentionFactor: number;
  /** Least ms per layer of a step that no CUDA graph holds. */
  readonly eagerDispatchMsPerLayer: number;
}

/** Traits of an engine by name, version and cache type, from the fitted constants. */
export function engineTraits(
  engine: EngineProfile,
  kvCacheDtype: Precision,
  constants: CalibratedConstants = calibrated,
): EngineTraits {
  const { hostMsPerStep, hostMsPerSequence } = constants;
  if (engine.name === "TensorRT-LLM" || engine.name === "NIM") {
    const slow =
      kvCacheDtype === "fp8" ? constants.oldRuntimeDecodeFactorFp8 : constants.oldRuntimeDecodeFactorBf16;
    const isOld = engine.name === "TensorRT-LLM" && hasOldRuntime(engine);
    return {
      hostMsPerStep,
      hostMsPerSequence: 0,
      decodeAttentionFactor: isOld ? slow : 1,
      eagerDispatchMsPerLayer: 0,
    };
  }
  return {
    hostMsPerStep,
    hostMsPerSequence,
    decodeAttentionFactor: 1,
    eagerDispatchMsPerLayer: hasChange(engine, "launchCostSeen") ? constants.eagerDispatchMsPerLayer : 0,
  };
}
