import type { LatencyConstants } from "../../../../lib/performance";
import { createKernelModels } from "../../../../lib/performance/step/latency-model";
import type { LatencyModel, LatencyModelInput } from "../../../../lib/performance/types";

/** The kernels' own step model with vLLM's largest default list of CUDA graphs. */
export const createLatencyModel = (input: LatencyModelInput, constants?: LatencyConstants): LatencyModel =>
  createKernelModels(input, constants)({ largestTokens: 512, stride: 16 });
