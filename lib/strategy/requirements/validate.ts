import { firstVersionWith, hasChange } from "../../performance";
import { countText } from "../figures/quantity-text";
import { stepsTogether } from "../replica/sharding";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import { checkpointRequirements } from "./checkpoint-requirements";
import { contextRequirements } from "./context-requirements";
import { eplbRequirements } from "./eplb-requirements";
import { expertDegrees } from "./expert-degrees";
import { gpuRequirements } from "./gpu-requirements";
import { loraRequirements } from "./lora-requirements";
import { prefillIntervalWorks } from "./prefill-interval";
import type { Requirement } from "./requirement";
import { speculativeRequirements } from "./speculative-requirements";

/** 0 when `count` splits evenly over `ranks`, or `ranks` over `count` (replication allowed). */
const remainder = (count: number, ranks: number) => count % ranks;

function usesAllGpus({ hardware }: Situation, strategy: Strategy): Requirement {
  const { tensorParallel, pipelineParallel, dataParallel, gpus } = strategy;
  const hosts = `${hardware.nodes} x ${hardware.instance.name}`;
  const all = `${hardware.gpus} GPU${hardware.gpus === 1 ? "" : "s"}`;
  return {
    id: "world-size",
    requirement: `TP x PP x DP uses the ${all} of ${hosts}`,
    value: gpus,
    limit: hardware.gpus,
    unit: "GPUs",
    bound: gpus > hardware.gpus ? "most" : "least",
    valueText: `${tensorParallel} x ${pipelineParallel} x ${dataParallel} = ${gpus} of ${all}`,
    broken: () =>
      `TP x PP x DP is ${tensorParallel} x ${pipelineParallel} x ${dataParallel} = ${gpus} GPU${gpus === 1 ? "" : "s"}, and ${hosts} has ${hardware.gpus}.`,
    configKey: "hardware.nodes",
    change:
      "set strategy.tensorParallel, strategy.pipelineParallel and strategy.dataParallel so that their product is the number of GPUs, or leave one auto",
  };
}

function headsDivide({ model }: Situation, { tensorParallel }: Strategy): Requirement {
  return {
    id: "heads-divisible",
    requirement: `the ${model.attentionHeads} attention heads divide evenly over the tensor-parallel ranks`,
    value: remainder(model.attentionHeads, tensorParallel),
    limit: 0,
    unit: "heads left over",
    bound: "most",
    valueText: `${model.attentionHeads} heads over ${tensorParallel} ranks leave ${remainder(model.attentionHeads, tensorParallel)}`,
    broken: () =>
      `The ${model.attentionHeads} attention heads do not divide evenly over ${tensorParallel} tensor-parallel ranks.`,
    configKey: "strategy.tensorParallel",
    change: `set strategy.tensorParallel to a divisor of ${model.attentionHeads}`,
  };
}

function keyValueHeadsDivide({ model }: Situation, { tensorParallel }: Strategy): Requirement {
  const heads = model.keyValueHeads;
  const left = tensorParallel <= heads ? remainder(heads, tensorParallel) : remainder(tensorParallel, heads);
  return {
    id: "kv-heads-divisible",
    requirement: `the ${heads} key-value heads are split or copied evenly over the tensor-parallel ranks`,
    value: left,
    limit: 0,
    unit: "heads left over",
    bound: "most",
    valueText: `${heads} key-value heads and ${tensorParallel} ranks leave ${left}`,
    broken: () =>
      `The ${heads} key-value heads can be neither split nor copied evenly over ${tensorParallel} tensor-parallel ranks.`,
    configKey: "strategy.tensorParallel",
    change: `set strategy.tensorParallel to a divisor or a multiple of ${heads}`,
  };
}

/** Layers with a state are cut by their heads, and vLLM copies none. */
function stateHeadsDivide({ model }: Situation, { tensorParallel }: Strategy): Requirement[] {
  const mixer = model.tensors?.layers.find((layer) => layer.mixer?.kind === "recurrent")?.mixer;
  if (mixer?.kind !== "recurrent") return [];
  const left = remainder(mixer.heads, tensorParallel);
  return [
    {
      id: "state-heads-divisible",
      requirement: `the ${mixer.heads} heads of the layers with a state divide evenly over the tensor-parallel ranks`,
      value: left,
      limit: 0,
      unit: "heads left over",
      bound: "most",
      valueText: `${mixer.heads} heads over ${tensorParallel} ranks leave ${left}`,
      configKey: "strategy.tensorParallel",
      change: `set strategy.tensorParallel to a divisor of ${mixer.heads}`,
    },
  ];
}

function feedForwardDivides(situation: Situation, strategy: Strategy): Requirement {
  const { model } = situation;
  const size = model.experts?.intermediateSize ?? model.intermediateSize;
  const isShared = stepsTogether(situation, strategy);
  const cut = isShared ? strategy.tensorParallel * strategy.dataParallel : strategy.tensorParallel;
  const ranks = model.experts && strategy.expertParallel > 1 ? 1 : cut;
  return {
    id: "mlp-divisible",
    requirement: `the feed-forward width ${countText(size)} divides evenly over the ${isShared ? "ranks of all replicas" : "tensor-parallel ranks"}`,
    value: remainder(size, ranks),
    limit: 0,
    unit: "columns left over",
    bound: "most",
    valueText: `${size} columns over ${ranks} ranks leave ${remainder(size, ranks)}`,
    broken: () =>
      `The ${countText(size)} columns of a feed-forward layer do not divide evenly over ${ranks} ranks.`,
    configKey: "strategy.tensorParallel",
    change: `set strategy.tensorParallel to a divisor of ${size}`,
  };
}

/** Before it could cut through them, vLLM refused ranks that hold a part of a block with one scale. */
function scaleBlocksWhole({ model, engine }: Situation, strategy: Strategy): Requirement[] {
  if (strategy.expertParallel > 1 || hasChange(engine, "cutsThroughBlocks")) return [];
  const tensors = model.tensors?.layers.flatMap((layer) => layer.tensors) ?? [];
  const cut = tensors.find(({ experts, stored }) => experts !== undefined && stored?.block !== undefined);
  const block = cut?.stored?.block?.[0] ?? 1;
  const size = model.experts?.intermediateSize ?? 0;
  if (block === 1) return [];
  const share = size / strategy.tensorParallel;
  const left = remainder(share, block);
  return [
    {
      id: "scale-blocks-whole",
      requirement: `a rank's share of an expert holds whole blocks of ${block} columns, which vLLM before ${firstVersionWith("cutsThroughBlocks").split(" ")[1]} needs`,
      value: left,
      limit: 0,
      unit: "columns left over",
      bound: "most",
      valueText: `${size} columns over ${strategy.tensorParallel} ranks are ${share}, which leaves ${left}`,
      configKey: "strategy.tensorParallel",
      change: `set strategy.tensorParallel so that ${size} over it is a multiple of ${block}, or spread whole experts (strategy.expertParallel)`,
    },
  ];
}

function stagesHaveLayers({ model }: Situation, { pipelineParallel }: Strategy): Requirement {
  return {
    id: "stages-have-layers",
    requirement: `each pipeline stage holds at least one of the ${model.layers} layers`,
    value: pipelineParallel,
    limit: model.layers,
    unit: "stages",
    bound: "most",
    valueText: `${pipelineParallel} stages`,
    broken: () =>
      `There are ${pipelineParallel} pipeline stages and only ${model.layers} layers to divide between them.`,
    configKey: "strategy.pipelineParallel",
    change: `set strategy.pipelineParallel to at most ${model.layers}`,
  };
}

function expertsSpread(situation: Situation, strategy: Strategy): Requirement {
  const { expertParallel, tensorParallel, dataParallel } = strategy;
  const { experts } = situation.model;
  const allowed = expertDegrees(situation, strategy).filter((degree) => degree <= (experts?.count ?? 1));
  const nearest = allowed[0] ?? experts?.count ?? 1;
  const limit = allowed.includes(expertParallel) ? expertParallel : nearest;
  const why = experts
    ? `: vLLM cuts the ${experts.count} experts like all else (1), or spreads them whole over the ranks of all replicas, which share them (TP x DP)`
    : " for a dense model";
  return {
    id: "expert-parallel",
    requirement: `EP is ${allowed.join(" or ") || `at most the ${experts?.count ?? 1} experts`}${why}`,
    value: expertParallel,
    limit,
    unit: "ranks",
    bound: expertParallel > limit ? "most" : "least",
    valueText: `EP ${expertParallel} with TP ${tensorParallel} and DP ${dataParallel}`,
    broken: () =>
      experts === undefined
        ? `EP is ${expertParallel}, but a dense model has no experts to spread.`
        : `EP is ${expertParallel} with TP ${tensorParallel} and DP ${dataParallel}, and vLLM either cuts the ${experts.count} experts like all else (EP 1) or spreads them over all ranks (EP is TP x DP).`,
    configKey: "strategy.expertParallel",
    change: `set strategy.expertParallel to ${allowed.join(" or ") || "auto and use fewer GPUs per experts"}`,
  };
}

function sequenceFollowsTensor({ deployment, engine }: Situation, strategy: Strategy): Requirement {
  const { sequenceParallel, tensorParallel } = strategy;
  const { vllmVersion } = deployment.serving;
  const supported = !hasChange(engine, "noSequenceParallelism");
  const other = supported && tensorParallel > 1;
  return {
    id: "sequence-parallel",
    requirement: supported
      ? "SP is 1 or TP: it shards the norms of a tensor-parallel group by token"
      : `SP is 1: vLLM ${vllmVersion} has no sequence parallelism`,
    value: sequenceParallel,
    limit: supported && sequenceParallel === tensorParallel ? tensorParallel : 1,
    unit: "ranks",
    bound: "most",
    valueText: `SP ${sequenceParallel} with TP ${tensorParallel}`,
    broken: () =>
      supported
        ? `SP is ${sequenceParallel} and TP ${tensorParallel}, but SP can only be 1 or the same as TP.`
        : `vLLM ${vllmVersion} has no sequence parallelism, so SP has to be 1.`,
    configKey: "strategy.sequenceParallel",
    change: other
      ? `set strategy.sequenceParallel to 1 or ${tensorParallel}`
      : "set strategy.sequenceParallel to 1",
  };
}

function modelKnowsLength({ model, deployment }: Situation): Requirement {
  const length = deployment.envelope.maxModelLen;
  return {
    id: "model-length",
    requirement: `the longest sequence is within the ${countText(model.maxPositionEmbeddings)} tokens that the model knows`,
    value: length,
    limit: model.maxPositionEmbeddings,
    unit: "tokens",
    bound: "most",
    valueText: `${countText(length)} tokens`,
    broken: () =>
      `The longest sequence is to have ${countText(length)} tokens, and the model knows ${countText(model.maxPositionEmbeddings)}.`,
    configKey: "envelope.maxModelLen",
    change: `set envelope.maxModelLen to at most ${model.maxPositionEmbeddings}`,
  };
}

/** Replicas that share experts are one engine, which spans what they span together. */
function oneHostWithoutRay(situation: Situation, strategy: Strategy): Requirement {
  const { deployment, hardware } = situation;
  const together = stepsTogether(situation, strategy) ? strategy.dataParallel : 1;
  const ranks = strategy.tensorParallel * strategy.pipelineParallel * together;
  const nodes = Math.ceil(ranks / hardware.instance.gpus);
  const limit = deployment.serving.executor === "mp" ? 1 : hardware.nodes;
  return {
    id: "executor-spans-nodes",
    requirement: `${together > 1 ? "an engine" : "a replica"} stays within the ${limit === 1 ? "one node" : `${limit} nodes`} that executor ${deployment.serving.executor} reaches`,
    value: nodes,
    limit: Math.max(1, limit),
    unit: "nodes",
    bound: "most",
    valueText: `${together > 1 ? "an engine" : "a replica"} of ${ranks} GPUs spans ${nodes} nodes`,
    broken: () =>
      `${together > 1 ? "An engine" : "A replica"} of ${ranks} GPUs spans ${nodes} nodes, and executor ${deployment.serving.executor} reaches ${limit === 1 ? "only one" : `only ${limit}`}.`,
    configKey: "serving.executor",
    change: "set serving.executor to ray, or lower strategy.tensorParallel or strategy.pipelineParallel",
  };
}

/**
 * vLLM's placement gives every data-parallel rank a host that holds it whole (vllm/v1/engine/utils.py,
 * CoreEngineActorManager): replicas that span hosts end in "Not enough resources to allocate DP ranks".
 */
function replicasWithinNodes({ hardware }: Situation, strategy: Strategy): Requirement[] {
  const ranks = strategy.tensorParallel * strategy.pipelineParallel;
  const { gpus, name } = hardware.instance;
  const whole = hardware.nodes * Math.floor(gpus / ranks);
  // One host cannot be straddled, one replica may span hosts, and another number of GPUs fails world-size.
  if (hardware.nodes === 1 || strategy.dataParallel === 1 || strategy.gpus !== hardware.gpus) return [];
  return [
    {
      id: "replicas-within-nodes",
      requirement: "each of several replicas lies within one host: vLLM places none over two",
      value: whole,
      limit: strategy.dataParallel,
      unit: "replicas",
      bound: "least",
      broken: () =>
        `vLLM places no replica over two hosts where there are several, and ${hardware.nodes} x ${name} with ${gpus} GPUs each hold ${whole} whole replicas of ${ranks} GPUs, but DP is ${strategy.dataParallel}.`,
      valueText: `${hardware.nodes} x ${name} with ${gpus} GPUs hold ${whole} whole replicas of ${ranks} GPUs, and DP is ${strategy.dataParallel}`,
      configKey: "strategy.dataParallel",
      change: `set strategy.dataParallel to 1, or make strategy.tensorParallel x strategy.pipelineParallel a divisor of ${gpus}`,
    },
  ];
}

/**
 * What vLLM itself refuses, and what leaves GPUs idle: vllm/config/model.py verify_with_parallel_config,
 * vllm/config/parallel.py, vllm/model_executor/models/llama.py. The vocabulary is padded and needs no rule.
 */
export const structuralRequirements = (situation: Situation, strategy: Strategy): Requirement[] =>
  structuralRules.flatMap((rule) => rule(situation, strategy));

/** The same one by one, for who needs to know only whether one is missed. */
export const structuralRules: readonly ((
  situation: Situation,
  strategy: Strategy,
) => Requirement | Requirement[])[] = [
  usesAllGpus,
  headsDivide,
  keyValueHeadsDivide,
  stateHeadsDivide,
  feedForwardDivides,
  scaleBlocksWhole,
  stagesHaveLayers,
  expertsSpread,
  sequenceFollowsTensor,
  modelKnowsLength,
  oneHostWithoutRay,
  replicasWithinNodes,
  prefillIntervalWorks,
  speculativeRequirements,
  loraRequirements,
  contextRequirements,
  eplbRequirements,
  checkpointRequirements,
  gpuRequirements,
];
