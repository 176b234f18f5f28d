import type { ModelArchitecture } from "../../catalog";
import type { KernelPrecision } from "../kernels/precision";
import { BF16_BYTES } from "../kernels/roofline";
import type { LatencyModelInput } from "../types";

/** A routed copy's expert (int32) and weight (float32). */
const ROUTING_BYTES = 8;

/** Bytes of an activation as experts take it: quantised before it is sent where their kernel computes in that format. */
function activationBytes(precision: KernelPrecision): number {
  if (precision === "fp8" || precision === "fp8_block" || precision === "int8") return 1;
  return precision === "nvfp4" ? 0.5 : BF16_BYTES;
}

/**
 * Bytes of one token that ranks gather before the experts: its hidden state, in the format in which the experts compute,
 * and where it goes (MoEPrepareAndFinalizeNaiveDPEPModular in vllm of 0.33; scales, 1/32 at most, are left out).
 */
export function gatheredBytesPerToken({
  model,
  precision,
  formats,
  experts,
}: Pick<LatencyModelInput, "model" | "precision" | "formats"> & {
  readonly experts: NonNullable<ModelArchitecture["experts"]>;
}): number {
  return (
    model.hiddenSize * activationBytes(formats?.experts ?? precision) + ROUTING_BYTES * experts.activePerToken
  );
}
