import type { Layer, ModelTensors } from "../families/layer";
import { plain, product, type Tensor } from "../families/tensor";
import type { ModelArchitecture } from "../types";
import type { Draft } from "./draft";

/** Families whose product that joins hidden state and embedding is cut over the ranks (qwen3_next_mtp.py, qwen3_5_mtp.py). */
const CUT = /^qwen3_(next|5)/;

function moduleTensors({ hiddenSize, modelType = "" }: ModelArchitecture, block: Layer): readonly Tensor[] {
  const join = CUT.test(modelType)
    ? product("mtp.fc", hiddenSize, 2 * hiddenSize, "rows")
    : plain("mtp.eh_proj", hiddenSize, 2 * hiddenSize);
  return [...block.tensors, join, plain("mtp.norms", 3 * hiddenSize)];
}

/**
 * The multi-token-prediction module of a checkpoint, as vLLM 0.33 loads it (deepseek_mtp.py, glm4_moe_mtp.py, mimo_mtp.py,
 * qwen3_next_mtp.py): a layer like the model's last one with attention, three norms and the product that joins hidden
 * state and embedding; embedding and output projection are the model's own. Undefined where the checkpoint has none.
 */
export function mtpModule(model: ModelArchitecture): Draft | undefined {
  const { tensors, predictionModules = 0, hiddenSize } = model;
  const block = tensors?.layers.findLast(
    ({ mixer, feedForward }) =>
      mixer !== undefined && mixer.kind !== "recurrent" && feedForward !== undefined,
  );
  if (tensors === undefined || block === undefined || predictionModules === 0) return undefined;
  const { slidingWindow: _, predictionModules: __, ...rest } = model;
  const layers = [{ ...block, tensors: moduleTensors(model, block) }];
  const own: ModelTensors = {
    ...tensors,
    layers,
    onEveryStage: { embedding: false, logits: false },
    vision: [],
  };
  return {
    method: "mtp",
    model: { ...rest, name: `the prediction module of ${model.name}`, layers: 1, tensors: own },
    isWhole: false,
    quantizedAsModel: true,
    joins: { outputs: hiddenSize, inputs: 2 * hiddenSize, everyPass: true },
    keptElements: hiddenSize,
    // Qwen's modules read the embedding on the first stage and have no other input on the last.
    needsFirstStage: CUT.test(model.modelType ?? ""),
  };
}
