import { cutGroup, type ModelArchitecture, readModelConfig } from "../../lib/catalog";
import { UserError } from "../../lib/config";
import { partitionLayers } from "../../lib/performance";
import { weightsOfStage } from "../../lib/performance/memory/weights-of-stage";
import type { Question } from "./ask";
import type { Checkpoint } from "./corpus";

/** How a model is cut, and the stage whose first rank is weighed. */
interface Split {
  readonly tensor: number;
  readonly stages?: number;
  readonly stage?: number;
  readonly replicas?: number;
  readonly experts?: boolean;
  readonly onLoad?: boolean;
}

/** One rank that vLLM allocates and we count. */
export interface Build {
  readonly question: Question;
  /** Our count of its bytes. */
  readonly planned: number;
  /** Quantisation that we read from the files, or `unquantised`. */
  readonly method: string;
  /** The requirement by which the planner refuses it. */
  readonly refusedBy?: string;
}

const DENSE: readonly Split[] = [
  { tensor: 1 },
  { tensor: 2 },
  { tensor: 4 },
  { tensor: 8 },
  { tensor: 2, stages: 2, stage: 0 },
  { tensor: 2, stages: 2, stage: 1 },
];
const MIXTURE: readonly Split[] = [
  ...DENSE,
  { tensor: 4, experts: true },
  { tensor: 1, replicas: 8, experts: true },
  { tensor: 2, replicas: 4, experts: true },
];
const ON_LOAD: readonly Split[] = [
  { tensor: 1, onLoad: true },
  { tensor: 4, onLoad: true },
];

function labelOf({ tensor, stages = 1, stage = 0, replicas = 1, experts, onLoad }: Split): string {
  return [
    `TP${tensor}`,
    ...(stages > 1 ? [`PP${stages} stage ${stage}`] : []),
    ...(replicas > 1 ? [`DP${replicas}`] : []),
    ...(experts ? [`EP${tensor * replicas}`] : []),
    ...(onLoad ? ["fp8 on load"] : []),
  ].join(" ");
}

function argumentsOf({ tensor, stages = 1, replicas = 1, experts, onLoad }: Split): string[] {
  return [
    ...["--tensor-parallel-size", `${tensor}`, "--pipeline-parallel-size", `${stages}`],
    ...(replicas > 1 ? ["--data-parallel-size", `${replicas}`] : []),
    ...(experts ? ["--enable-expert-parallel"] : []),
    ...(onLoad ? ["--quantization", "fp8_per_tensor"] : []),
    ...["--distributed-executor-backend", "mp", "--dtype", "bfloat16", "--max-model-len", "4096"],
  ];
}

function bytesOf(model: ModelArchitecture, split: Split): number {
  const { tensor, stages = 1, stage = 0, replicas = 1, experts, onLoad } = split;
  const partition = partitionLayers(model.layers, stages);
  return weightsOfStage(model, {
    precision: onLoad ? "fp8" : "bf16",
    tensorParallel: tensor,
    expertParallel: experts ? tensor * replicas : 1,
    firstLayer: partition.slice(0, stage).reduce((sum, layers) => sum + layers, 0),
    layers: partition[stage] ?? 0,
    isFirstStage: stage === 0,
    isLastStage: stage === stages - 1,
  });
}

const divides = (count: number, ranks: number) => count % ranks === 0 || ranks % count === 0;

/** What the planner would refuse is not built. */
function canSplit(model: ModelArchitecture, { tensor, replicas = 1, experts }: Split): boolean {
  const width = model.experts?.intermediateSize ?? model.intermediateSize;
  return (
    model.attentionHeads % tensor === 0 &&
    divides(model.keyValueHeads, tensor) &&
    (experts || width % tensor === 0) &&
    (!experts || tensor * replicas <= (model.experts?.count ?? 1))
  );
}

function modelOf({ name, config }: Checkpoint): ModelArchitecture | undefined {
  try {
    return readModelConfig(config, `${name}, as its file says`);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

const isFp4 = (model: ModelArchitecture) =>
  Object.values(model.checkpoint?.formats ?? {}).some((format) => format === "nvfp4");

/** What the checkpoint has against a split, as the planner says it. */
function refusalOf(model: ModelArchitecture, { tensor, replicas = 1, experts }: Split): string | undefined {
  if (model.checkpoint?.isUnnamed) return "checkpoint-method";
  const expertParallel = experts ? tensor * replicas : 1;
  const shards = { tensorParallel: tensor, expertParallel, refitsExperts: true };
  return model.tensors && cutGroup(model.tensors, shards) ? "quantization-groups" : undefined;
}

function build(checkpoint: Checkpoint, model: ModelArchitecture, split: Split): Build {
  const refusedBy = refusalOf(model, split);
  return {
    question: {
      name: `${checkpoint.name} ${labelOf(split)}`,
      model: checkpoint.name,
      gpu: isFp4(model) ? "B200-SXM-180GB" : "H100-SXM-80GB",
      nodes: 1,
      gpusPerNode: 8,
      arguments: argumentsOf(split),
      stages: [split.stage ?? 0],
    },
    planned: bytesOf(model, split),
    method: split.onLoad ? "fp8 on load" : (model.checkpoint?.method ?? "unquantised"),
    ...(refusedBy === undefined ? {} : { refusedBy }),
  };
}

/** Every build of every checkpoint that the planner reads; checkpoints of one shape and storage are weighed once. */
export function weightBuilds(checkpoints: readonly Checkpoint[]): Build[] {
  const seen = new Set<string>();
  return checkpoints.flatMap((checkpoint) => {
    const model = modelOf(checkpoint);
    if (!model) return [];
    const splits = [...(model.experts ? MIXTURE : DENSE), ...(model.checkpoint ? [] : ON_LOAD)];
    const fitting = splits.filter((split) => canSplit(model, split));
    const builds = fitting.map((split) => build(checkpoint, model, split));
    const key = builds.map(({ method, planned }) => `${method} ${planned}`).join();
    if (seen.has(key)) return [];
    seen.add(key);
    return builds;
  });
}
