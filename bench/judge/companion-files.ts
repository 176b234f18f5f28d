import type { Checkpoint } from "./corpus";

/**
 * What reasoning parsers look up in a vocabulary or encode to ids: the marks around thoughts (vLLM 0.33.0: reasoning/ and
 * parser/, for the parsers of lib/serving/model-flags.ts).
 */
const MARKS = ["<think>", "</think>", "<mm:think>", "</mm:think>", "<|channel>", "<channel|>"];
const UNKNOWN = "<unk>";

const special = (content: string, id: number) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});

/** The smallest tokenizer that vLLM opens: it knows the marks, and every other text is unknown to it. */
const TOKENIZER: Readonly<Record<string, string>> = {
  "tokenizer.json": JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [UNKNOWN, ...MARKS].map(special),
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: null,
    model: { type: "WordLevel", vocab: { [UNKNOWN]: 0 }, unk_token: UNKNOWN },
  }),
  "tokenizer_config.json": JSON.stringify({
    tokenizer_class: "PreTrainedTokenizerFast",
    unk_token: UNKNOWN,
  }),
};

/** How Kimi K2.5 cuts images into patches: vLLM asks for the tokens of its longest one. Figures of the published model. */
const KIMI_IMAGES: Readonly<Record<string, string>> = {
  "preprocessor_config.json": JSON.stringify({
    media_proc_cfg: {
      patch_size: 14,
      merge_kernel_size: 2,
      temporal_merge_kernel_size: 4,
      in_patch_limit: 16_384,
      in_patch_limit_each_frame: 4096,
      in_patch_limit_video: null,
      patch_limit_on_one_side: 512,
      fixed_output_tokens: null,
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
    },
  }),
};

/**
 * What vLLM opens beside config.json while it makes a configuration: the tokenizer, for a reasoning parser's marks, and the
 * image processor of a family that needs one for its longest image. A command line would be refused for want of them.
 */
export const companionFiles = ({ model_type }: Checkpoint["config"]): Readonly<Record<string, string>> => ({
  ...TOKENIZER,
  ...(model_type === "kimi_k25" ? KIMI_IMAGES : {}),
});
