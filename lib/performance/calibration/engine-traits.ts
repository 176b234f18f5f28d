import { compareVersions } from "../engine/compare-versions";
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

/** TensorRT-LLM changed to its PyTorch runtime here (release notes of 0.19). */
const PYTORCH_RUNTIME = "0.19";
/** vLLM: asynchronous scheduling by default and the rows that show the launch cost are of this version and later. */
const EAGER_DISPATCH_SEEN = "0.14";

/** NIM and TensorRT-LLM before its PyTorch runtime. */
export function hasOldRuntime(engine: EngineProfile): boolean {
  return (
    engine.name === "NIM" ||
    (engine.name === "TensorRT-LLM" && compareVersions(engine.version, PYTORCH_RUNTIME) < 0)
  );
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
  const isLaunchBound = engine.name === "vLLM" && compareVersions(engine.version, EAGER_DISPATCH_SEEN) >= 0;
  return {
    hostMsPerStep,
    hostMsPerSequence,
    decodeAttentionFactor: 1,
    eagerDispatchMsPerLayer: isLaunchBound ? constants.eagerDispatchMsPerLayer : 0,
  };
}
