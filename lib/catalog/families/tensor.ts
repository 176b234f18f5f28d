/** How the weights of a product are stored. `w8a16` and `int4` widen to 16 bits, the others compute in what they store. */
export type StorageFormat = "bf16" | "fp8" | "fp8_block" | "int8" | "w8a16" | "int4" | "mxfp4" | "nvfp4";

/**
 * How vLLM cuts a tensor over the tensor-parallel ranks: by outputs (`rows`), by inputs (`columns`), by whole heads that are
 * copied when ranks outnumber them (`heads`), by padded vocabulary, or not at all.
 */
export type Cut = "rows" | "columns" | "heads" | "vocabulary" | "none";

/** One weight tensor (or all experts' alike) as the checkpoint names it. */
export interface Tensor {
  /** Module within its layer, such as `self_attn.q_proj`; the whole path for what is outside the layers. */
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
  readonly cut: Cut;
  /** Heads that `outputs` is made of, for the cut `heads`. */
  readonly heads?: number;
  /** Routed experts of this shape; absent for what every token passes. */
  readonly experts?: number;
  /** `product`: may be quantised. `plain`: norms, biases, routers, embeddings, always in `elementBytes`. */
  readonly kind: "product" | "plain";
  /** Bytes of an element of a plain tensor; default 2. */
  readonly elementBytes?: number;
  /** A shared expert or dense layer that each rank holds whole where replicas share the routed experts. */
  readonly copiedOverReplicas?: boolean;
  /** How a product is stored; absent means bf16. */
  readonly stored?: Stored;
}

/** Storage of a product. */
export interface Stored {
  readonly format: StorageFormat;
  /** Values that share a scale, along the inputs. */
  readonly group?: number;
  /** Bytes of a block's scale; default 4. */
  readonly scaleBytes?: number;
  /** Outputs and inputs of a block with a scale. */
  readonly block?: readonly [number, number];
  /** Groups carry a zero point too. */
  readonly zeroPoints?: boolean;
  /** FP8 with a scale for each output instead of one for the tensor. */
  readonly channelScales?: boolean;
  /** Routed experts whose groups a rank cannot hold whole are refused, not regrouped (compressed-tensors). */
  readonly wholeGroups?: boolean;
  /** GPTQ's experts: bias vectors are allocated for the kernel that takes whole groups, zero points of symmetric ones too. */
  readonly gptqExperts?: boolean;
}

export const product = (name: string, outputs: number, inputs: number, cut: Cut, heads?: number): Tensor => ({
  name,
  outputs,
  inputs,
  cut,
  kind: "product",
  ...(heads === undefined ? {} : { heads }),
});

export const plain = (name: string, outputs: number, inputs = 1, cut: Cut = "none"): Tensor => ({
  name,
  outputs,
  inputs,
  cut,
  kind: "plain",
});

/** Elements of a tensor over all ranks and experts. */
export const elementsOf = ({ outputs, inputs, experts = 1 }: Tensor): number => outputs * inputs * experts;
