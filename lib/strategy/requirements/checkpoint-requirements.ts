import { cutGroup, type ModelArchitecture } from "../../catalog";
import { firstVersionWith, hasChange } from "../../performance";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import type { Requirement } from "./requirement";

/** vLLM looks for the method in one place; without it quantised weights are read as BF16 ones. */
function methodIsNamed({ model }: Situation): Requirement[] {
  if (!model.checkpoint?.isUnnamed) return [];
  return [
    {
      id: "checkpoint-method",
      requirement: "the checkpoint names its quantisation where vLLM looks for it",
      value: 0,
      limit: 1,
      unit: "names",
      bound: "least",
      valueText: "quantization_config has no quant_method: vLLM takes the weights for unquantised ones",
      broken: () =>
        "The checkpoint does not name its quantisation where vLLM looks for it (quantization_config has no quant_method), so vLLM would take the weights for unquantised ones.",
      configKey: "model.configPath",
      change: `add "quant_method": "${model.checkpoint.method}" to quantization_config of the repository's config.json and of model.configPath, or use another checkpoint`,
    },
  ];
}

/** The numbers of tensor-parallel ranks below `ranks` that cut no group. */
function wholeSplits(situation: Situation, strategy: Strategy): number[] {
  const { model } = situation;
  const degrees = Array.from({ length: strategy.tensorParallel - 1 }, (_, i) => i + 1);
  return degrees.filter(
    (tensorParallel) =>
      strategy.tensorParallel % tensorParallel === 0 &&
      model.tensors !== undefined &&
      !groupThatIsCut(model.tensors, { ...shardsOf(situation, strategy), tensorParallel }),
  );
}

type Tensors = NonNullable<ModelArchitecture["tensors"]>;

/** Looked for so far: the strategies of many machines ask for the same few degrees, and a checkpoint has thousands of tensors. */
const looked = new WeakMap<Tensors, Map<string, ReturnType<typeof cutGroup>>>();

function groupThatIsCut(tensors: Tensors, shards: ReturnType<typeof shardsOf>): ReturnType<typeof cutGroup> {
  const ofTensors = looked.get(tensors) ?? new Map<string, ReturnType<typeof cutGroup>>();
  looked.set(tensors, ofTensors);
  const key = `${shards.tensorParallel} ${shards.expertParallel} ${shards.refitsExperts}`;
  const cut = ofTensors.has(key) ? ofTensors.get(key) : cutGroup(tensors, shards);
  ofTensors.set(key, cut);
  return cut;
}

function shardsOf({ engine }: Situation, { tensorParallel, expertParallel }: Strategy) {
  return { tensorParallel, expertParallel, refitsExperts: hasChange(engine, "expertBlocksRefit") };
}

/** Weights that share a scale must lie on one rank. */
function groupsStayWhole(situation: Situation, strategy: Strategy): Requirement[] {
  const { model, engine } = situation;
  if (!model.checkpoint || !model.tensors) return [];
  const cut = groupThatIsCut(model.tensors, shardsOf(situation, strategy));
  if (!cut) return [];
  const { module, perRank, side, group } = cut;
  const most = Math.max(0, ...wholeSplits(situation, strategy));
  const isExpert = module.includes(".experts.");
  const version =
    isExpert && model.checkpoint.method === "fp8" && !hasChange(engine, "expertBlocksRefit")
      ? ` (${firstVersionWith("expertBlocksRefit")} cuts the blocks to fit)`
      : "";
  return [
    {
      id: "quantization-groups",
      requirement: `the ${group} ${side} that share a scale lie on one tensor-parallel rank`,
      value: perRank % group,
      limit: 0,
      unit: side,
      bound: "most",
      valueText: `${perRank} ${side} of ${module} on each of ${strategy.tensorParallel} ranks are no multiple of ${group}${version}`,
      configKey: "strategy.tensorParallel",
      change: [
        ...(most > 0 ? [`set strategy.tensorParallel to ${most}`] : []),
        ...(isExpert ? ["spread the experts whole with strategy.expertParallel"] : []),
        "or use a checkpoint that is quantised another way",
      ].join(", "),
    },
  ];
}

/** What a quantised checkpoint asks of a strategy; nothing where it holds, for most checkpoints can be cut in every way. */
export function checkpointRequirements(situation: Situation, strategy: Strategy): Requirement[] {
  return [...methodIsNamed(situation), ...groupsStayWhole(situation, strategy)];
}
