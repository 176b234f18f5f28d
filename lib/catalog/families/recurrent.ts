import { plain, product, type Tensor } from "./tensor";

/** A layer that keeps a state of fixed size for each sequence instead of keys and values. */
export interface RecurrentLayer {
  readonly kind: "recurrent";
  readonly variant: "gated-delta" | "mamba2";
  readonly heads: number;
  /** Elements of the recurrent state of one sequence, over all heads. */
  readonly stateElements: number;
  readonly stateElementBytes: number;
  /** Elements of the convolution's window of one sequence. */
  readonly convolutionElements: number;
}

export interface GatedDeltaShape {
  /** Modules of the projections into queries, keys, values and gate as the checkpoint names them. */
  readonly inputs: "qkvz" | "qkv, z";
  readonly keyHeads: number;
  readonly valueHeads: number;
  readonly keyHeadDim: number;
  readonly valueHeadDim: number;
  readonly kernel: number;
  /** Bytes of an element of the state. */
  readonly stateBytes: number;
}

/** Gated delta rule of Qwen3-Next and later: its state is one matrix a value head. */
export function gatedDelta(hidden: number, s: GatedDeltaShape): { mixer: RecurrentLayer; tensors: Tensor[] } {
  const keys = s.keyHeads * s.keyHeadDim;
  const values = s.valueHeads * s.valueHeadDim;
  const convolution = 2 * keys + values;
  return {
    mixer: {
      kind: "recurrent",
      variant: "gated-delta",
      heads: s.valueHeads,
      stateElements: s.valueHeads * s.keyHeadDim * s.valueHeadDim,
      stateElementBytes: s.stateBytes,
      convolutionElements: convolution * (s.kernel - 1),
    },
    tensors: [
      ...(s.inputs === "qkvz"
        ? [
            product("linear_attn.in_proj_qkvz", 2 * keys + 2 * values, hidden, "rows"),
            product("linear_attn.in_proj_ba", 2 * s.valueHeads, hidden, "rows"),
          ]
        : [
            product("linear_attn.in_proj_qkv", 2 * keys + values, hidden, "rows"),
            product("linear_attn.in_proj_z", values, hidden, "rows"),
            product("linear_attn.in_proj_b", s.valueHeads, hidden, "rows"),
            product("linear_attn.in_proj_a", s.valueHeads, hidden, "rows"),
          ]),
      product("linear_attn.out_proj", hidden, values, "columns"),
      plain("linear_attn.conv1d", convolution, s.kernel, "rows"),
      plain("linear_attn.A_log", 2 * s.valueHeads, 1, "rows"),
      plain("linear_attn.norm", s.valueHeadDim),
    ],
  };
}

export interface MambaShape {
  readonly heads: number;
  readonly headDim: number;
  readonly groups: number;
  readonly stateSize: number;
  readonly kernel: number;
  readonly stateBytes: number;
}

/** Mamba 2 as Nemotron-H has it. */
export function mamba2(hidden: number, s: MambaShape): { mixer: RecurrentLayer; tensors: Tensor[] } {
  const inner = s.heads * s.headDim;
  const convolution = inner + 2 * s.groups * s.stateSize;
  return {
    mixer: {
      kind: "recurrent",
      variant: "mamba2",
      heads: s.heads,
      stateElements: inner * s.stateSize,
      stateElementBytes: s.stateBytes,
      convolutionElements: convolution * (s.kernel - 1),
    },
    tensors: [
      product("mixer.in_proj", inner + convolution + s.heads, hidden, "rows"),
      product("mixer.out_proj", hidden, inner, "columns"),
      plain("mixer.conv1d", convolution, s.kernel + 1, "rows"),
      plain("mixer.norm", inner, 1, "rows"),
    ],
  };
}
