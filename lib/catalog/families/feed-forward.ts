import { plain, product, type Tensor } from "./tensor";

/** A dense feed-forward layer, or a mixture of experts. */
export type FeedForward =
  | { readonly kind: "dense"; readonly width: number }
  | {
      readonly kind: "experts";
      readonly count: number;
      readonly activePerToken: number;
      readonly width: number;
      /** Width of what every token passes beside its experts; 0 for none. */
      readonly sharedWidth: number;
    };

interface DenseOptions {
  readonly prefix?: string;
  /** Gate and up projection, then down; false for up and down only. */
  readonly gated?: boolean;
}

export function denseFeedForward(hidden: number, width: number, options: DenseOptions = {}): Tensor[] {
  const { prefix = "mlp", gated = true } = options;
  return [
    ...(gated ? [product(`${prefix}.gate_proj`, width, hidden, "rows")] : []),
    product(`${prefix}.up_proj`, width, hidden, "rows"),
    product(`${prefix}.down_proj`, hidden, width, "columns"),
  ];
}

interface ExpertOptions extends DenseOptions {
  readonly sharedPrefix?: string;
  /** Bytes of an element of the router's weights; default 2. */
  readonly routerBytes?: number;
  readonly biases?: boolean;
  /** Width that routed experts see instead of the hidden one (Nemotron 3 Super's latent experts). */
  readonly latent?: number;
  /** Each rank holds the shared expert whole where several replicas share the routed ones. */
  readonly copiedShared?: boolean;
  /** The shared expert has a gate of its own (Qwen). */
  readonly sharedGate?: boolean;
}

export function experts(
  hidden: number,
  mixture: Extract<FeedForward, { kind: "experts" }>,
  options: ExpertOptions = {},
): Tensor[] {
  const { prefix = "mlp", gated = true, routerBytes = 2, latent, biases = false } = options;
  const shared = options.sharedPrefix ?? `${prefix}.shared_experts`;
  const seen = latent ?? hidden;
  const each = denseFeedForward(seen, mixture.width, { prefix: `${prefix}.experts`, gated });
  const bias = (name: string, outputs: number, cut: "rows" | "none"): Tensor => ({
    ...plain(`${prefix}.experts.${name}.bias`, outputs, 1, cut),
    experts: mixture.count,
  });
  return [
    { ...plain(`${prefix}.gate`, mixture.count, hidden), elementBytes: routerBytes },
    ...each.map((tensor) => ({ ...tensor, experts: mixture.count })),
    ...(biases ? [bias("up_proj", 2 * mixture.width, "rows"), bias("down_proj", seen, "none")] : []),
    ...(latent === undefined
      ? []
      : [
          product(`${prefix}.fc1_latent_proj`, latent, hidden, "none"),
          product(`${prefix}.fc2_latent_proj`, hidden, latent, "none"),
        ]),
    ...(mixture.sharedWidth > 0
      ? denseFeedForward(hidden, mixture.sharedWidth, { prefix: shared, gated }).map((tensor) => ({
          ...tensor,
          ...(options.copiedShared ? { copiedOverReplicas: true } : {}),
        }))
      : []),
    ...(options.sharedGate && mixture.sharedWidth > 0 ? [plain(`${shared}_gate`, 1, hidden)] : []),
  ];
}
