import type { ModuleDivision, Plan } from "../../strategy";
import { count } from "../format-number";
import type { Section, StagePicture } from "../report-document";
import { fact } from "./fact";

/** Which GPU holds which layers and which shard of them. */
export function moduleDivisionSection(plan: Plan): Section {
  const { strategy, model } = plan;
  const facts = [
    fact("GPUs", count(strategy.gpus), "strategy.gpus"),
    fact("Layers", count(model.layers), "model.layers"),
    fact("Replicas", count(strategy.dataParallel), "strategy.dataParallel"),
    fact("Pipeline stages of a replica", count(strategy.pipelineParallel), "strategy.pipelineParallel"),
    fact("GPUs that share each layer", count(strategy.tensorParallel), "strategy.tensorParallel"),
    fact("Each GPU holds of its layers", shardText(plan)),
  ];
  const bubbles =
    strategy.pipelineParallel === 1
      ? "There is one stage, so no GPU waits for another stage and nothing is sent between stages."
      : `Activations travel between the ${strategy.pipelineParallel} stages, and a stage idles when no batch is ready for it.`;
  return {
    id: "module-division",
    title: "Module division",
    blocks: [
      { kind: "facts", facts },
      { kind: "division", stages: stagePictures(plan) },
      { kind: "text", text: bubbles },
    ],
  };
}

/** Key/value heads are copied when there are fewer of them than GPUs, as vLLM does. */
function shardText({ strategy, model }: Plan): string {
  const ranks = strategy.tensorParallel;
  const heads = count(model.attentionHeads / ranks);
  const copies = model.keyValueHeads < ranks;
  const keyValueHeads = copies
    ? "1 key/value head (copied)"
    : counted(model.keyValueHeads / ranks, "key/value head");
  return `${heads} attention heads, ${keyValueHeads}, ${feedForwardText({ strategy, model })}`;
}

/** Expert parallelism spreads experts whole; else each of them is cut as the one of a dense model is. */
function feedForwardText({ strategy, model }: Pick<Plan, "strategy" | "model">): string {
  const { experts } = model;
  if (experts === undefined) return `${count(model.intermediateSize / strategy.tensorParallel)} MLP columns`;
  return strategy.expertParallel > 1
    ? `${counted(experts.count / strategy.expertParallel, "whole expert")} of ${experts.count}`
    : `${count(experts.intermediateSize / strategy.tensorParallel)} columns of each of ${experts.count} experts`;
}

const counted = (value: number, name: string): string => `${count(value)} ${name}${value === 1 ? "" : "s"}`;

function stagePictures(plan: Plan): readonly StagePicture[] {
  const keys = new Set(plan.moduleDivision.map(stageKey));
  return [...keys].flatMap((key) => {
    const gpus = plan.moduleDivision.filter((gpu) => stageKey(gpu) === key);
    const [first] = gpus;
    return first === undefined ? [] : [stagePicture(plan, first, gpus)];
  });
}

const stageKey = ({ replica, stage }: ModuleDivision): string => `${replica}/${stage}`;

function stagePicture(plan: Plan, first: ModuleDivision, gpus: readonly ModuleDivision[]): StagePicture {
  return {
    replica: first.replica,
    stage: first.stage,
    firstLayer: first.firstLayer,
    lastLayer: first.lastLayer,
    extras: [...(first.embedding ? ["embedding"] : []), ...(first.logits ? ["logits"] : [])],
    shards: gpus.map(({ gpu, node, tensorRank }) => ({
      gpu,
      node,
      text: `${tensorRank + 1}/${plan.strategy.tensorParallel}`,
    })),
  };
}
