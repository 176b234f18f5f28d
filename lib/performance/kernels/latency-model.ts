import type { LatencyModel, LatencyModelInput } from "../types";

/** Builds the step-time model of one replica from measured kernel tables, or a roofline where a table is missing. */
export function createLatencyModel(input: LatencyModelInput): LatencyModel {
  throw new Error(`no kernels yet for ${input.gpu.name}`);
}
