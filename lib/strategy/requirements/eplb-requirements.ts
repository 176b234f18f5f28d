import { firstVersionWith, hasChange } from "../../performance";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import type { Requirement } from "./requirement";

const KEY = "serving.eplb.enabled";
const OFF = `set ${KEY} to false`;

/** Classes that are `MixtureOfExperts` to vLLM 0.33 (model_executor/models, models), by model_type or repository. */
const BALANCED =
  /^(deepseek_v[23]|deepseek_v32|kimi_k2|glm_moe_dsa|glm4_moe|mixtral|nemotron_h|qwen3_moe|qwen3_next|qwen3_5_moe|qwen3_vl_moe|llama4|gemma4|mimo_v2)/;
/** Rows of the catalogue without a type. */
const BALANCED_NAMES = /mixtral|qwen3-\d+b-a\d+b/i;
/** Methods whose kernels do not take moved experts (`supports_eplb` of model_executor/layers/quantization). */
const UNMOVED = /^(awq|gptq|auto_awq|auto_gptq|moe_wna16)/;

function met(isMet: boolean, of: Omit<Requirement, "value" | "limit" | "unit" | "bound">): Requirement {
  return { ...of, value: isMet ? 1 : 0, limit: 1, unit: "met", bound: "least" };
}

/** What load balancing of experts asks of version, model and strategy, as vLLM 0.33 does; nothing without it. */
export function eplbRequirements(
  { deployment, engine, model }: Situation,
  { expertParallel }: Strategy,
): Requirement[] {
  const { eplb, vllmVersion } = deployment.serving;
  if (!eplb.enabled) return [];
  const { redundantExperts } = eplb;
  const all = (model.experts?.count ?? 0) + redundantExperts;
  const left = expertParallel > 1 ? all % expertParallel : 0;
  const { modelType, name, checkpoint } = model;
  return [
    met(hasChange(engine, "expertBalancing"), {
      id: "eplb-version",
      requirement: `load balancing of experts is planned for ${firstVersionWith("expertBalancing")} and later; older versions were not read`,
      valueText: `serving.vllmVersion is ${vllmVersion}`,
      configKey: "serving.vllmVersion",
      change: `raise serving.vllmVersion, or ${OFF}`,
    }),
    met(expertParallel > 1, {
      id: "eplb-spread",
      requirement: "experts that are balanced are spread whole over ranks",
      valueText: `EP ${expertParallel}`,
      configKey: "strategy.expertParallel",
      change: `set strategy.expertParallel above 1, or ${OFF}`,
    }),
    met(
      modelType === undefined
        ? BALANCED_NAMES.test(name)
        : BALANCED.test(modelType) && !/kimi-k2\.5/i.test(name),
      {
        id: "eplb-model",
        requirement: "vLLM's class of the model lets its experts be moved (MixtureOfExperts)",
        valueText: `that of ${name} does not`,
        configKey: KEY,
        change: OFF,
      },
    ),
    met(!UNMOVED.test(checkpoint?.method ?? ""), {
      id: "eplb-format",
      requirement: "vLLM's kernels for the checkpoint's format take moved experts",
      valueText: `those of ${checkpoint?.method ?? "unquantised weights"} do not`,
      configKey: KEY,
      change: OFF,
    }),
    {
      id: "eplb-divisible",
      requirement: "experts and their copies divide evenly over the ranks",
      value: left,
      limit: 0,
      unit: "experts left over",
      bound: "most",
      valueText: `${all} over ${expertParallel} ranks leave ${left}`,
      configKey: "serving.eplb.redundantExperts",
      change: `set serving.eplb.redundantExperts so that with ${model.experts?.count ?? 0} experts it is a multiple of ${expertParallel}`,
    },
  ];
}
