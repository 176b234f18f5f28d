/** Fitted or assumed times and factors of the step model: everything that is neither a table nor a formula. */
export interface LatencyConstants {
  /** CPU time per step that the GPU waits for (scheduling, input preparation, launch), in ms. */
  readonly hostMsPerStep: number;
  /** CPU and sampler time per sequence that gets a token, in ms; holds sampling itself, which no table lists. */
  readonly hostMsPerSequence: number;
  /** Share of the memory bandwidth that elementwise kernels reach, 0..1. */
  readonly elementwiseBandwidthShare: number;
  /** Launch and tail of one elementwise kernel, in ms. */
  readonly elementwiseLaunchMs: number;
  /** Tokens of the busiest expert-parallel rank over the mean that chance alone would not give, >= 1. */
  readonly expertSkew: number;
}

/**
 * Host terms: none here; they are fitted (calibration/constants.json), and the model of an engine brings them.
 * Elementwise: ai-dynamo/aiconfigurator commit 095f58a, systems/h100_sxm.yaml
 * (mem_bw_empirical_scaling_factor 0.8, mem_empirical_constant_latency 3 us), read 2026-11-22.
 * Expert skew: fused MoE kernels with experts chosen by a power law (exponent 1.01) against evenly chosen ones, 8192
 * tokens, 128 experts, 2 and 8 ranks: 1.22, 1.22, 1.24, 1.40 (same source, data/h100_sxm/moe/vllm/0.24.0). A real model's
 * skew depends on its text: an assumption, and EP figures are marked as rooflines.
 */
export const latencyConstants: LatencyConstants = {
  hostMsPerStep: 0,
  hostMsPerSequence: 0,
  elementwiseBandwidthShare: 0.8,
  elementwiseLaunchMs: 0.003,
  expertSkew: 1.27,
};
