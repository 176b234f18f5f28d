import { kernelsOf } from "../kernels/kernels-of";
import type { Curve } from "../kernels/log-log";
import { tabulatedCurve } from "../kernels/tabulated";
import type { CudaGraphs } from "../step/cuda-graph-padding";
import type {
  DraftInput,
  LatencyModel,
  LatencyModelInput,
  PeerTokens,
  StepBreakdown,
  StepShape,
} from "../types";

type Models = (graphs: CudaGraphs) => LatencyModel;

/** The draft model as a replica of its own: on the last stage, on the same tensor-parallel ranks. */
export function draftLatencyInput(input: LatencyModelInput, draft: DraftInput): LatencyModelInput {
  const { draft: _, formats: __, ...rest } = input;
  const { experts } = draft.model;
  return {
    ...rest,
    model: draft.model,
    precision: draft.precision,
    ...(draft.formats ? { formats: draft.formats } : {}),
    pipelineParallel: 1,
    sequenceParallel: 1,
    expertParallel: experts ? input.expertParallel : 1,
    expertReplicas: experts ? (input.expertReplicas ?? 1) : 1,
  };
}

const emptyStep = (): StepShape => ({
  tokens: 0,
  decodeSequences: 0,
  decodeContextTokens: 0,
  prefillAttentionMs: 0,
  sampledSequences: 0,
});

/** Prompt tokens over which the drafter's attention is compared with the model's. */
const COMPARED_TOKENS = 2048;

/** Whether each verified token reads what its sequence keeps by itself: the kernels of latent attention and of states. */
const readsForEach = ({ model }: LatencyModelInput): boolean =>
  model.latentAttention !== undefined ||
  model.tensors?.layers.some(({ mixer }) => mixer?.kind === "recurrent") === true;

/** The product that joins hidden states, in ms by tokens: first pass and later ones. */
function joinMs(input: LatencyModelInput, { joins, quantizedAsModel, precision }: DraftInput): Curve {
  if (!joins) return () => 0;
  const format = quantizedAsModel ? "bf16" : precision;
  const us = tabulatedCurve(kernelsOf(input).gemmUs({ n: joins.outputs, k: joins.inputs }, format));
  return (tokens) => us(tokens) / 1e3;
}

/**
 * Step times with speculative decoding, as vLLM 0.33's model runner takes a step (v1/worker/gpu/spec_decode): the model
 * verifies each sequence's drafts beside its own token, samples from all of them, and then the drafter runs once over all
 * tokens of the step and once more over the sequences for each further draft. Derived, not measured: kernel times are those
 * of as many tokens without speculation, a verified sequence reads its cache once, and launching the drafter costs nothing
 * that its own kernels do not hide.
 */
export function drafted(
  input: LatencyModelInput & { readonly draft: DraftInput },
  target: Models,
  drafter: Models,
): Models {
  const { draft } = input;
  const { draftTokens, acceptance } = draft;
  const reads = readsForEach(input) ? draftTokens + 1 : 1;
  const joining = joinMs(input, draft);
  const laterPasses = draftTokens - 1;

  return (graphs) => {
    const model = target(graphs);
    const small = drafter(graphs);
    const ofModel = model.prefillAttentionMs(0, COMPARED_TOKENS);
    const attentionShare = ofModel > 0 ? small.prefillAttentionMs(0, COMPARED_TOKENS) / ofModel : 0;
    const [verified, first, later] = [emptyStep(), emptyStep(), emptyStep()];
    const peersLater = { mostTokens: 0, allTokens: 0 };

    const verify = (step: StepShape): StepShape => {
      verified.tokens = step.tokens + draftTokens * step.decodeSequences;
      verified.decodeSequences = reads * step.decodeSequences;
      verified.decodeContextTokens = step.decodeContextTokens;
      verified.prefillAttentionMs = step.prefillAttentionMs;
      verified.sampledSequences = step.sampledSequences + draftTokens * step.decodeSequences;
      return verified;
    };
    const firstPass = (step: StepShape): StepShape => {
      first.tokens = step.tokens + draftTokens * step.decodeSequences;
      first.decodeSequences = step.decodeSequences;
      first.decodeContextTokens = step.decodeContextTokens;
      first.prefillAttentionMs = attentionShare * step.prefillAttentionMs;
      first.sampledSequences = step.sampledSequences;
      return first;
    };
    const laterPass = ({ sampledSequences, decodeSequences, decodeContextTokens }: StepShape): StepShape => {
      later.tokens = sampledSequences;
      later.decodeSequences = sampledSequences;
      later.decodeContextTokens =
        decodeSequences > 0
          ? (decodeContextTokens / decodeSequences) * sampledSequences
          : COMPARED_TOKENS * sampledSequences;
      later.sampledSequences = sampledSequences;
      return later;
    };
    const hasLater = ({ sampledSequences }: StepShape) => laterPasses > 0 && sampledSequences > 0;
    const joinsMs = (step: StepShape): number => {
      const once = joining(Math.max(1, step.tokens + draftTokens * step.decodeSequences));
      const again = draft.joins?.everyPass && hasLater(step) ? joining(step.sampledSequences) : 0;
      return once + laterPasses * again;
    };
    const draftMs = (step: StepShape, peers?: PeerTokens): number => {
      const once = small.stageMs(0, firstPass(step), peers) + joinsMs(step);
      if (!hasLater(step)) return once;
      if (!peers) return once + laterPasses * small.stageMs(0, laterPass(step));
      peersLater.mostTokens = Math.ceil(peers.mostTokens / (draftTokens + 1));
      peersLater.allTokens = Math.ceil(peers.allTokens / (draftTokens + 1));
      return once + laterPasses * small.stageMs(0, laterPass(step), peersLater);
    };
    const breakdown = (step: StepShape): StepBreakdown => {
      const parts: Record<keyof StepBreakdown, number> = { ...model.breakdown(verify(step)) };
      const add = (more: StepBreakdown, times: number) => {
        for (const [part, ms] of Object.entries(more) as [keyof StepBreakdown, number][])
          parts[part] += times * ms;
      };
      add(small.breakdown(firstPass(step)), 1);
      if (hasLater(step)) add(small.breakdown(laterPass(step)), laterPasses);
      parts.gemmMs += joinsMs(step);
      parts.totalMs += joinsMs(step);
      return parts;
    };
    const last = model.stages - 1;
    const kinds = ["measured", "scaled", "roofline"] as const;
    const kind = kinds[Math.max(kinds.indexOf(model.basis.kind), kinds.indexOf(small.basis.kind))];
    return {
      ...model,
      stageMs: (stage, step, peers) => {
        const ownMs = model.stageMs(stage, verify(step), peers);
        return stage === last ? ownMs + draftMs(step, peers) : ownMs;
      },
      breakdown,
      speculation: { draftTokens, acceptance },
      basis: {
        kind: kind ?? "roofline",
        figures: [...new Set([...model.basis.figures, ...small.basis.figures])],
      },
    };
  };
}
