import type { Gpu } from "../../catalog";
import type { LatencyConstants } from "./constants";
import type { Curve } from "./log-log";

/**
 * Kernels that only move memory (norms with residual, activation, rotary embedding, permutation), in ms by tokens:
 * launches x a launch time + bytes / (share x memory bandwidth). A norm with residual reads two and writes two
 * activations; the activation of a feed-forward reads two and writes one.
 */
export function elementwiseCurve(
  { launches, bytesPerToken }: { launches: number; bytesPerToken: number },
  { gpu, constants }: { gpu: Gpu; constants: LatencyConstants },
): Curve {
  const fixed = launches * constants.elementwiseLaunchMs;
  const perToken = (bytesPerToken * 1e3) / (gpu.hbmBytesPerSecond * constants.elementwiseBandwidthShare);
  return (tokens) => fixed + tokens * perToken;
}
