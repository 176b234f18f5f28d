import { adaptsEnds, firstVersionWith, hasChange } from "../../performance";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import type { Requirement } from "./requirement";

/** Classes without vLLM's SupportsLoRA (model_executor/models and models of 0.33), by model_type or repository. */
const UNSUPPORTED = /^(minimax_m3|mimo_v2)|kimi[-_]k2\.?5/i;

/** Largest vocabulary whose output projection vLLM adapts (lora/layers/logits_processor.py). */
const MOST_VOCABULARY = 258_048;

function holds(isMet: boolean, of: Omit<Requirement, "value" | "limit" | "unit" | "bound">): Requirement {
  return { ...of, value: isMet ? 1 : 0, limit: 1, unit: "met", bound: "least" };
}

const OFF = "set serving.lora.maxLoras to 0";

function versionIsRead({ engine, deployment }: Situation): Requirement {
  return holds(hasChange(engine, "loraAdapters"), {
    id: "lora-version",
    requirement: `memory of LoRA adapters is counted as ${firstVersionWith("loraAdapters")} allocates it; older versions were not read`,
    valueText: `serving.vllmVersion is ${deployment.serving.vllmVersion}`,
    configKey: "serving.vllmVersion",
    change: `raise serving.vllmVersion, or ${OFF}`,
  });
}

function classSupportsIt({ model }: Situation): Requirement {
  return holds(!UNSUPPORTED.test(model.modelType ?? "") && !UNSUPPORTED.test(model.name), {
    id: "lora-model",
    requirement: "vLLM's class of the model serves LoRA adapters (SupportsLoRA)",
    valueText: `that of ${model.name} does not`,
    configKey: "serving.lora.maxLoras",
    change: OFF,
  });
}

function vocabularyFits({ model, deployment }: Situation): Requirement[] {
  const { targetModules } = deployment.serving.lora;
  const isAdapted = targetModules.length === 0 || targetModules.includes("lm_head");
  if (!isAdapted || !adaptsEnds(model)) return [];
  return [
    {
      id: "lora-vocabulary",
      requirement: `vLLM adapts output projections of at most ${MOST_VOCABULARY} tokens`,
      value: model.vocabularySize,
      limit: MOST_VOCABULARY,
      unit: "tokens",
      bound: "most",
      valueText: `${model.vocabularySize} tokens`,
      configKey: "serving.lora.targetModules",
      change: "name the modules in serving.lora.targetModules, without lm_head",
    },
  ];
}

/** Ranks cut the rank of an adapter and the hidden size, and experts are either spread or cut (lora/layers/fused_moe.py). */
function shardsEvenly({ model, deployment }: Situation, strategy: Strategy): Requirement[] {
  const { fullySharded, maxRank } = deployment.serving.lora;
  const { tensorParallel, expertParallel } = strategy;
  if (!fullySharded) return [];
  const left = (maxRank % tensorParallel) + (model.hiddenSize % tensorParallel);
  return [
    {
      id: "lora-sharding",
      requirement: "fully sharded adapters divide rank and hidden size evenly over the tensor-parallel ranks",
      value: left,
      limit: 0,
      unit: "left over",
      bound: "most",
      valueText: `rank ${maxRank} and hidden size ${model.hiddenSize} over ${tensorParallel} ranks`,
      configKey: "serving.lora.fullySharded",
      change: `set serving.lora.maxRank to a multiple of ${tensorParallel}, or serving.lora.fullySharded to false`,
    },
    holds(!model.experts || expertParallel === 1, {
      id: "lora-experts",
      requirement: "adapters of experts that are spread whole are not fully sharded",
      valueText: `EP ${expertParallel} with serving.lora.fullySharded`,
      configKey: "serving.lora.fullySharded",
      change: "set serving.lora.fullySharded to false, or strategy.expertParallel to 1",
    }),
  ];
}

/** vLLM then gives each tensor rank a share of the tokens, which its adapters of experts do not take (`_ep_check`). */
function tokensStayWhole({ model }: Situation, strategy: Strategy): Requirement[] {
  const { tensorParallel, dataParallel, expertParallel } = strategy;
  if (!model.experts || expertParallel === 1) return [];
  return [
    holds(tensorParallel === 1 || dataParallel === 1, {
      id: "lora-expert-replicas",
      requirement: "adapters of experts that several replicas share need TP 1",
      valueText: `TP ${tensorParallel}, DP ${dataParallel}, EP ${expertParallel}`,
      configKey: "strategy.expertParallel",
      change: "set strategy.tensorParallel or strategy.dataParallel to 1, or strategy.expertParallel to 1",
    }),
  ];
}

/** What LoRA adapters ask of version, model and strategy, as vLLM 0.33 does; nothing without them. */
export function loraRequirements(situation: Situation, strategy: Strategy): Requirement[] {
  if (situation.deployment.serving.lora.maxLoras === 0) return [];
  return [
    versionIsRead(situation),
    classSupportsIt(situation),
    ...vocabularyFits(situation),
    ...shardsEvenly(situation, strategy),
    ...tokensStayWhole(situation, strategy),
  ];
}
