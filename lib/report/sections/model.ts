import { cachePrecision } from "../../config";
import { tokensPerStep } from "../../performance";
import { lacksChatTemplate, runsRemoteCode } from "../../serving";
import type { Plan } from "../../strategy";
import { count, significant } from "../format-number";
import type { Fact, Section } from "../report-document";
import { storedAs } from "../stored-as";
import { fact } from "./fact";

/** Architecture of the model and the precisions it runs in. */
export function modelSection(plan: Plan): Section {
  const { model, deployment } = plan;
  const facts: readonly Fact[] = [
    fact("Model", model.name),
    fact("Architecture", architecture(plan), undefined),
    fact("Hidden size", count(model.hiddenSize), "model.hiddenSize"),
    fact("Attention heads", count(model.attentionHeads), "model.attentionHeads"),
    fact("Key/value heads", count(model.keyValueHeads), "model.keyValueHeads", {
      note: `${count(model.attentionHeads / model.keyValueHeads)} attention heads share one; the KV cache holds only these`,
    }),
    fact("Head dimension", count(model.headDim), "model.headDim"),
    fact("MLP width", count(model.intermediateSize), "model.intermediateSize"),
    fact("Vocabulary", count(model.vocabularySize), "model.vocabularySize"),
    fact(
      "Longest context of the model",
      `${count(model.maxPositionEmbeddings)} tokens`,
      "model.maxPositionEmbeddings",
    ),
    fact(
      "Longest prompt plus output, served",
      `${count(plan.serving.maxModelLen)} tokens`,
      "serving.maxModelLen",
    ),
    fact("Precision of weights / KV cache", `${storedAs(plan)} / ${name(cachePrecision(deployment.model))}`),
    ...speculation(plan),
    ...adapters(plan),
    ...(runsRemoteCode(plan)
      ? [
          fact(
            "Code of the repository",
            "hosts run Python that comes with the model (--trust-remote-code)",
            undefined,
            {
              note: `read it, and pin it: model.revision is ${deployment.model.revision}`,
            },
          ),
        ]
      : []),
    ...(lacksChatTemplate(plan)
      ? [
          fact("Chat", "a base model has no chat template, so chat requests are refused", undefined, {
            note: "completions are served; for chat, put a template on the hosts and add [--chat-template, PATH] to serving.extraArgs",
          }),
        ]
      : []),
  ];
  return { id: "model", title: "Model parameters", blocks: [{ kind: "facts", facts }] };
}

/** Who drafts, what a step is taken to bring, and that nobody has measured it. */
function speculation({ draft, deployment }: Plan): readonly Fact[] {
  if (!draft) return [];
  const { draftTokens, acceptance, acceptanceLength } = deployment.serving.speculative;
  const perStep = acceptanceLength ?? tokensPerStep({ draftTokens, acceptance: acceptance ?? Number.NaN });
  return [
    fact(
      "Speculative decoding",
      `${count(draftTokens)} drafted by ${draft.model.name}; a step brings ${significant(perStep)} tokens`,
      undefined,
      {
        note: "as serving.speculative says, not as measured; step times are derived, so their bands are the widest",
      },
    ),
  ];
}

/** Adapters that there is room for, and that their time is left out. */
function adapters({ deployment }: Plan): readonly Fact[] {
  const { maxLoras, maxRank } = deployment.serving.lora;
  if (maxLoras === 0) return [];
  return [
    fact("LoRA adapters", `${count(maxLoras)} at once, of rank ${count(maxRank)} at most`, undefined, {
      note: "their memory is counted, what they add to a step's time is not, so bands are the widest",
    }),
  ];
}

const name = (precision: string): string => precision.toUpperCase();

function architecture({ model }: Plan): string {
  const { experts } = model;
  if (experts === undefined) return `dense transformer, ${model.layers} layers`;
  return `mixture of ${experts.count} experts (${experts.activePerToken} active per token), ${model.layers} layers`;
}
