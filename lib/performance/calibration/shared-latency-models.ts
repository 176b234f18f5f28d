import type { Gpu, ModelArchitecture } from "../../catalog";
import type { CudaGraphs } from "../step/cuda-graph-padding";
import type { LatencyModel, LatencyModelInput } from "../types";
import { createLatencyModels } from "./create-latency-model";

type LatencyModels = (graphs: CudaGraphs) => LatencyModel;

/** Whether all that steps together lies in one node: then neither the node's other GPUs nor its network matter. */
function isWithinNode(input: LatencyModelInput): boolean {
  const { tensorParallel, pipelineParallel, expertParallel, expertReplicas, gpusPerNode } = input;
  const replicas = expertReplicas ?? Math.max(1, expertParallel / tensorParallel);
  return tensorParallel * pipelineParallel * replicas <= gpusPerNode;
}

const known = new WeakMap<ModelArchitecture, WeakMap<Gpu, Map<string, LatencyModels>>>();

/**
 * As `createLatencyModels`, made once for each way to cut a model (one object of the catalogue) over a kind of GPU: on any
 * number of nodes, and on all types of node that hold what steps together, the replicas are the same and share their tables.
 * What spans nodes is shared by nodes of as many GPUs on as fast a network; what has a drafter is made for itself.
 */
export function sharedLatencyModels(input: LatencyModelInput): LatencyModels {
  const { model, gpu, draft, gpusPerNode, network, ...rest } = input;
  if (draft !== undefined) return createLatencyModels(input);
  const ofModel = known.get(model) ?? new WeakMap<Gpu, Map<string, LatencyModels>>();
  const ofGpu = ofModel.get(gpu) ?? new Map<string, LatencyModels>();
  known.set(model, ofModel.set(gpu, ofGpu));
  const key = JSON.stringify(isWithinNode(input) ? rest : [rest, gpusPerNode, network]);
  const models = ofGpu.get(key) ?? createLatencyModels(input);
  ofGpu.set(key, models);
  return models;
}
