import type { ModelArchitecture } from "../../catalog";
import { type Derivation, sumOverLayers } from "../derivation";
import {
  BLOCK_TOKENS,
  CONVOLUTION_BYTES,
  INDEXER_SCALE_BYTES,
  type KvInput,
  kindOf,
  type Mixer,
  mixersOf,
  paddingsOf,
  SPARSE_FP8_BYTES,
  type StageLayers,
  statesOf,
  tokenBytes,
} from "./kv-bytes";

/** How `kvBytesPerToken` counts a stage: its layers by kind, each with its padding, its window or its state. */
export function kvBytesDerivation(model: ModelArchitecture, stage: StageLayers, input: KvInput): Derivation {
  const mixers = mixersOf(model, stage);
  const { sequenceTokens } = input;
  if (sequenceTokens === undefined) {
    return sumOverLayers(mixers.flatMap((mixer) => cachedToken(mixer, input) ?? []));
  }
  const paddings = paddingsOf(mixers);
  const widest = Math.max(...mixers.map((mixer) => tokenBytes(mixer, input)));
  return sumOverLayers(
    mixers.map((mixer) => {
      const padding = paddings.get(kindOf(mixer)) ?? 1;
      const of =
        mixer.kind === "recurrent"
          ? state(mixer, { ...input, sequenceTokens }, widest)
          : windowed(mixer, { ...input, sequenceTokens });
      return padding === 1 ? of : { formula: `padding * ${of.formula}`, inputs: { padding, ...of.inputs } };
    }),
  );
}

type Cached = Exclude<Mixer, { kind: "recurrent" }>;

/** How `tokenBytes` counts a layer. */
function cachedToken(mixer: Mixer, input: KvInput): Derivation | undefined {
  const whole = wholeToken(mixer, input);
  const { decodeContextParallel = 1 } = input;
  if (whole === undefined || decodeContextParallel === 1) return whole;
  return {
    formula: `${whole.formula} / decodeContextParallel`,
    inputs: { ...whole.inputs, decodeContextParallel },
  };
}

function wholeToken(mixer: Mixer, input: KvInput): Derivation | undefined {
  const bytesPerValue = input.kvCacheDtype === "fp8" ? 1 : 2;
  if (mixer.kind === "recurrent") return undefined;
  if (mixer.kind === "attention") {
    const { keyValueHeads, headDim: keyHeadDim, valueHeadDim } = mixer;
    const { tensorParallel } = input;
    return {
      formula: "max(1, ceil(keyValueHeads / tensorParallel)) * (keyHeadDim + valueHeadDim) * bytesPerValue",
      inputs: { keyValueHeads, tensorParallel, keyHeadDim, valueHeadDim, bytesPerValue },
    };
  }
  const { indexer, keyValueRank, ropeHeadDim } = mixer;
  const latent = { keyValueRank, ropeHeadDim, bytesPerValue };
  if (!indexer) return { formula: "(keyValueRank + ropeHeadDim) * bytesPerValue", inputs: latent };
  const { headDim: indexerHeadDim } = indexer;
  const keys = `indexerHeadDim + ${INDEXER_SCALE_BYTES}`;
  return bytesPerValue === 1
    ? { formula: `(${SPARSE_FP8_BYTES} + ${keys})`, inputs: { indexerHeadDim } }
    : {
        formula: `((keyValueRank + ropeHeadDim) * bytesPerValue + ${keys})`,
        inputs: { ...latent, indexerHeadDim },
      };
}

type LongInput = KvInput & { readonly sequenceTokens: number };

/** Of a sequence that is longer than the window, only the window stays. */
function windowed(mixer: Cached, input: LongInput): Derivation {
  const all = cachedToken(mixer, input) ?? { formula: "0", inputs: {} };
  const window = mixer.kind === "attention" ? mixer.window : undefined;
  if (window === undefined) return all;
  const { sequenceTokens, inFlightTokens = 0 } = input;
  return {
    formula: `${all.formula} * min(1, (window + inFlightTokens) / sequenceTokens)`,
    inputs: { ...all.inputs, window, inFlightTokens, sequenceTokens },
  };
}

/** A sequence's state in whole blocks of the widest attention beside it, over the tokens of the sequence. */
function state(
  mixer: Extract<Mixer, { kind: "recurrent" }>,
  input: LongInput,
  widestTokenBytes: number,
): Derivation {
  const { tensorParallel, sequenceTokens } = input;
  const { stateElements, stateElementBytes, convolutionElements } = mixer;
  const bytes = `(stateElements * stateElementBytes + convolutionElements * ${CONVOLUTION_BYTES}) / tensorParallel`;
  const block = `${BLOCK_TOKENS} * widestTokenBytes`;
  const inputs = {
    states: statesOf(input),
    stateElements,
    stateElementBytes,
    convolutionElements,
    tensorParallel,
    sequenceTokens,
  };
  return widestTokenBytes > 0
    ? {
        formula: `states * ceil(${bytes} / (${block})) * ${block} / sequenceTokens`,
        inputs: { ...inputs, widestTokenBytes },
      }
    : { formula: `states * ${bytes} / sequenceTokens`, inputs };
}
