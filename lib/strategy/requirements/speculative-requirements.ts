import { firstVersionWith, hasChange } from "../../performance";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import type { Requirement } from "./requirement";

type Drafting = Situation & { readonly draft: NonNullable<Situation["draft"]> };

const MODEL = "serving.speculative.model";

function versionIsRead({ engine, deployment }: Drafting): Requirement {
  return {
    id: "speculative-version",
    requirement: `speculative decoding is planned for ${firstVersionWith("speculativeDecoding")} and later: how older versions schedule drafts, and on what they fall back, was not read`,
    value: hasChange(engine, "speculativeDecoding") ? 1 : 0,
    limit: 1,
    unit: "versions read",
    bound: "least",
    valueText: `serving.vllmVersion is ${deployment.serving.vllmVersion}`,
    configKey: "serving.vllmVersion",
    change: "raise serving.vllmVersion, or set serving.speculative.method to off",
  };
}

/** vLLM cuts the drafter over the same ranks (ParallelConfig of the draft, verify_with_parallel_config). */
function headsDivide({ draft }: Drafting, { tensorParallel }: Strategy): Requirement {
  const { attentionHeads, name } = draft.model;
  const left = attentionHeads % tensorParallel;
  return {
    id: "draft-heads-divisible",
    requirement: `the ${attentionHeads} attention heads of ${name} divide evenly over the tensor-parallel ranks`,
    value: left,
    limit: 0,
    unit: "heads left over",
    bound: "most",
    valueText: `${attentionHeads} heads over ${tensorParallel} ranks leave ${left}`,
    configKey: "strategy.tensorParallel",
    change: `set strategy.tensorParallel to a divisor of ${attentionHeads}, or use another drafter (${MODEL})`,
  };
}

/** The last stage has no embedding to share: vLLM raises (v1/worker/gpu/spec_decode/eagle/utils.py, maybe_share_target_embed). */
function embeddingIsThere({ draft }: Drafting, { pipelineParallel }: Strategy): Requirement[] {
  if (!draft.needsFirstStage) return [];
  return [
    {
      id: "draft-embedding",
      requirement: `${draft.model.name} finds the model's embedding on its stage, which is the last`,
      value: pipelineParallel,
      limit: 1,
      unit: "stages",
      bound: "most",
      valueText: `${pipelineParallel} stages, and the first holds the embedding`,
      configKey: "strategy.pipelineParallel",
      change: "set strategy.pipelineParallel to 1, or set serving.speculative.method to draft_model or off",
    },
  ];
}

/** vLLM refuses a draft model with another vocabulary (config/speculative.py, verify_equal_vocab_size_if_draft_model). */
function sameVocabulary({ draft, model }: Drafting): Requirement[] {
  if (draft.method !== "draft_model") return [];
  const distance = Math.abs(draft.model.vocabularySize - model.vocabularySize);
  return [
    {
      id: "draft-vocabulary",
      requirement: `the draft model has the ${model.vocabularySize} tokens of ${model.name}`,
      value: distance,
      limit: 0,
      unit: "tokens more or fewer",
      bound: "most",
      valueText: `${draft.model.name} has ${draft.model.vocabularySize}`,
      configKey: MODEL,
      change: `set ${MODEL} to a model with the same tokenizer`,
    },
  ];
}

/** vLLM would lower max_model_len to what the draft model knows (config/vllm.py, _limit_max_model_len_to_draft). */
function draftKnowsLength({ draft, deployment }: Drafting): Requirement[] {
  if (draft.method !== "draft_model") return [];
  const most = draft.model.maxPositionEmbeddings;
  return [
    {
      id: "draft-length",
      requirement: `the longest sequence is within the ${most} tokens that ${draft.model.name} knows`,
      value: deployment.envelope.maxModelLen,
      limit: most,
      unit: "tokens",
      bound: "most",
      valueText: `${deployment.envelope.maxModelLen} tokens`,
      configKey: "envelope.maxModelLen",
      change: `set envelope.maxModelLen to at most ${most}, or use another draft model (${MODEL})`,
    },
  ];
}

/** Several modules run one after the other, each over all tokens of the step: no checkpoint that is priced has them. */
function oneModule({ draft, model }: Drafting): Requirement[] {
  const modules = model.predictionModules ?? 1;
  if (draft.method !== "mtp" || modules === 1) return [];
  return [
    {
      id: "one-prediction-module",
      requirement: "the checkpoint drafts with one prediction module: a chain of several is not priced",
      value: modules,
      limit: 1,
      unit: "modules",
      bound: "most",
      valueText: `${model.name} has ${modules}`,
      configKey: "serving.speculative.method",
      change: "set serving.speculative.method to off, eagle3 or draft_model",
    },
  ];
}

/** What speculative decoding asks of version, strategy and drafter, as vLLM 0.33 does; nothing without it. */
export function speculativeRequirements(situation: Situation, strategy: Strategy): Requirement[] {
  const { draft } = situation;
  if (!draft) return [];
  const drafting = { ...situation, draft };
  return [
    versionIsRead(drafting),
    headsDivide(drafting, strategy),
    ...embeddingIsThere(drafting, strategy),
    ...sameVocabulary(drafting),
    ...draftKnowsLength(drafting),
    ...oneModule(drafting),
  ];
}
