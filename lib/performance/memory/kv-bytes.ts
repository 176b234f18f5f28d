import type { ModelArchitecture } from "../../catalog";
import type { Precision } from "../types";

interface KvInput {
  readonly tensorParallel: number;
  readonly kvCacheDtype: Precision;
  readonly sequenceTokens?: number;
}

interface StageLayers {
  readonly firstLayer: number;
  readonly layers: number;
}

/** What DeepSeek's sparse attention caches of a token in FP8: 512 values, 4 scales and the rotary part in BF16. */
const SPARSE_FP8_BYTES = 656;
/** Keys of the indexer are cached in FP8 with one FP32 scale for 128 values. */
const INDEXER_SCALE_BYTES = 4;

type Mixer = NonNullable<NonNullable<ModelArchitecture["tensors"]>["layers"][number]["mixer"]>;

/** Bytes that one token takes in the cache of one layer on one GPU; heads are copied beyond their number. */
function layerBytes(mixer: Mixer | undefined, input: KvInput): number {
  const width = input.kvCacheDtype === "fp8" ? 1 : 2;
  switch (mixer?.kind) {
    case "attention": {
      const heads = Math.max(1, Math.ceil(mixer.keyValueHeads / input.tensorParallel));
      const bytes = heads * (mixer.headDim + mixer.valueHeadDim) * width;
      // Blocks that a window has left are freed: of a long sequence only the window stays.
      const { window } = mixer;
      const { sequenceTokens } = input;
      if (window === undefined || sequenceTokens === undefined) return bytes;
      return bytes * Math.min(1, window / sequenceTokens);
    }
    case "latent": {
      const { indexer, keyValueRank, ropeHeadDim } = mixer;
      const latent = indexer && width === 1 ? SPARSE_FP8_BYTES : (keyValueRank + ropeHeadDim) * width;
      return latent + (indexer ? indexer.headDim + INDEXER_SCALE_BYTES : 0);
    }
    default:
      return 0;
  }
}

/** Bytes of keys and values of one token on one GPU that holds some layers: every layer counted as its kind caches. */
export function kvBytesPerToken(model: ModelArchitecture, stage: StageLayers, input: KvInput): number {
  if (model.tensors) {
    return model.tensors.layers
      .slice(stage.firstLayer, stage.firstLayer + stage.layers)
      .reduce((sum, { mixer }) => sum + layerBytes(mixer, input), 0);
  }
  const heads = Math.max(1, Math.ceil(model.keyValueHeads / input.tensorParallel));
  return 2 * stage.layers * heads * model.headDim * (input.kvCacheDtype === "fp8" ? 1 : 2);
}
