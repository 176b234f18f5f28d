import { plain, product, type Tensor } from "./tensor";

/** Attention over keys and values of grouped heads, as one layer has it. */
export interface GroupedAttention {
  readonly kind: "attention";
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  /** Width of a value head where it differs from `headDim`. */
  readonly valueHeadDim: number;
  /** Latest tokens that are seen; absent where all are. */
  readonly window?: number;
  /** Learned logits that take part in the softmax (gpt-oss, MiMo). */
  readonly sinks?: boolean;
}

/** Multi-head latent attention: one cached vector a token for all heads (DeepSeek, Kimi, GLM-5). */
export interface LatentAttention {
  readonly kind: "latent";
  readonly heads: number;
  readonly keyValueRank: number;
  readonly queryRank?: number;
  readonly nopeHeadDim: number;
  readonly ropeHeadDim: number;
  readonly valueHeadDim: number;
  /** Sparse attention's own small attention, which picks `topTokens`. */
  readonly indexer?: { readonly heads: number; readonly headDim: number; readonly topTokens: number };
}

interface GroupedOptions {
  readonly bias?: boolean;
  readonly outputBias?: boolean;
  /** Queries carry a gate for the output (Qwen 3-Next and later). */
  readonly outputGate?: boolean;
  /** Module that the projections are in. */
  readonly prefix?: string;
  /** Keys serve as values too (Gemma 4's full layers): the checkpoint stores them once, vLLM loads them twice. */
}

export function groupedAttention(
  hidden: number,
  a: GroupedAttention,
  options: GroupedOptions = {},
): Tensor[] {
  const { bias = false, outputBias = false, outputGate = false, prefix = "self_attn" } = options;
  const queries = a.heads * a.headDim * (outputGate ? 2 : 1);
  const keys = a.keyValueHeads * a.headDim;
  const values = a.keyValueHeads * a.valueHeadDim;
  return [
    product(`${prefix}.q_proj`, queries, hidden, "rows"),
    product(`${prefix}.k_proj`, keys, hidden, "heads", a.keyValueHeads),
    product(`${prefix}.v_proj`, values, hidden, "heads", a.keyValueHeads),
    product(`${prefix}.o_proj`, hidden, a.heads * a.valueHeadDim, "columns"),
    ...(bias
      ? [
          plain(`${prefix}.q_proj.bias`, queries, 1, "rows"),
          { ...plain(`${prefix}.k_proj.bias`, keys, 1, "heads"), heads: a.keyValueHeads },
          { ...plain(`${prefix}.v_proj.bias`, values, 1, "heads"), heads: a.keyValueHeads },
        ]
      : []),
    ...(outputBias ? [plain(`${prefix}.o_proj.bias`, hidden)] : []),
    ...(a.sinks ? [plain(`${prefix}.sinks`, a.heads, 1, "rows")] : []),
  ];
}

export function latentAttention(hidden: number, a: LatentAttention): Tensor[] {
  const queryDim = a.heads * (a.nopeHeadDim + a.ropeHeadDim);
  const queries =
    a.queryRank === undefined
      ? [product("self_attn.q_proj", queryDim, hidden, "rows")]
      : [
          product("self_attn.q_a_proj", a.queryRank, hidden, "none"),
          plain("self_attn.q_a_layernorm", a.queryRank),
          product("self_attn.q_b_proj", queryDim, a.queryRank, "rows"),
        ];
  return [
    ...queries,
    product("self_attn.kv_a_proj_with_mqa", a.keyValueRank + a.ropeHeadDim, hidden, "none"),
    plain("self_attn.kv_a_layernorm", a.keyValueRank),
    product("self_attn.kv_b_proj", a.heads * (a.nopeHeadDim + a.valueHeadDim), a.keyValueRank, "rows"),
    product("self_attn.o_proj", hidden, a.heads * a.valueHeadDim, "columns"),
    ...(a.indexer ? indexer(hidden, a.queryRank ?? hidden, a.indexer) : []),
  ];
}

function indexer(hidden: number, queryRank: number, i: NonNullable<LatentAttention["indexer"]>): Tensor[] {
  return [
    product("self_attn.indexer.wq_b", i.heads * i.headDim, queryRank, "none"),
    plain("self_attn.indexer.wk", i.headDim, hidden),
    plain("self_attn.indexer.weights_proj", i.heads, hidden),
    { ...plain("self_attn.indexer.k_norm", 2 * i.headDim), elementBytes: 4 },
  ];
}
