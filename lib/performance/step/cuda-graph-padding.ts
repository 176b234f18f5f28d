/** The batches that an engine captures as CUDA graphs: 1, 2, 4, every 8 tokens up to 256, every `stride` tokens beyond. */
export interface CudaGraphs {
  /** Tokens of the largest captured step; 0 without graphs. Larger steps are launched kernel by kernel. */
  readonly largestTokens: number;
  /** Distance of captured sizes above 256 tokens. */
  readonly stride: number;
}

/** Stride of vLLM's own list above 256 tokens (vllm/config/vllm.py, _set_cudagraph_sizes). */
const DEFAULT_STRIDE = 16;
const FINE_UP_TO = 256;
const FINE_STRIDE = 8;

/** Largest batch that vLLM captures by default however many sequences it runs, in tokens. */
const MOST_BY_DEFAULT = 512;
/** The same on data-center Blackwell (compute capability 10.x). */
const MOST_ON_BLACKWELL = 1024;

/**
 * What vLLM captures when nothing is said: up to twice the tokens of as many sequences as run at once, each with its drafts,
 * at most 512 tokens (1,024 on data-center Blackwell) and never more than a step's budget (vllm/config/vllm.py of 0.33, _set_cudagraph_sizes).
 */
export function defaultCudaGraphs(
  gpu: { readonly kind: string; readonly computeCapability?: number },
  limits: {
    readonly maxNumSeqs: number;
    readonly maxNumBatchedTokens: number;
    /** Tokens that are drafted for each sequence; default 0. */
    readonly draftTokens?: number;
  },
): CudaGraphs {
  const isBlackwell = Math.floor(gpu.computeCapability ?? 0) === 10;
  const most = isBlackwell ? MOST_ON_BLACKWELL : MOST_BY_DEFAULT;
  const largestTokens = Math.min(
    2 * limits.maxNumSeqs * (1 + (limits.draftTokens ?? 0)),
    most,
    limits.maxNumBatchedTokens,
  );
  return { largestTokens, stride: DEFAULT_STRIDE };
}

/**
 * Tokens that a step really computes: the engine pads it to the next captured size. Larger steps run as they are.
 */
export function paddedTokens(tokens: number, { largestTokens, stride }: CudaGraphs): number {
  if (tokens > largestTokens || tokens <= 2) return tokens;
  if (tokens <= 4) return Math.min(4, largestTokens);
  const step = tokens <= FINE_UP_TO ? FINE_STRIDE : stride;
  return Math.min(largestTokens, Math.ceil(tokens / step) * step);
}

const listed = new Map<string, readonly number[]>();

/** Every captured size, smallest first, in tokens: what the engine is told to capture. */
export function captureSizes(graphs: CudaGraphs): readonly number[] {
  const key = `${graphs.largestTokens}/${graphs.stride}`;
  const sizes = listed.get(key) ?? listSizes(graphs);
  listed.set(key, sizes);
  return sizes;
}

function listSizes({ largestTokens, stride }: CudaGraphs): readonly number[] {
  const sizes = new Set<number>();
  for (const size of [1, 2, 4]) if (size <= largestTokens) sizes.add(size);
  for (let size = FINE_STRIDE; size <= Math.min(FINE_UP_TO, largestTokens); size += FINE_STRIDE)
    sizes.add(size);
  for (let size = FINE_UP_TO + stride; size <= largestTokens; size += stride) sizes.add(size);
  if (largestTokens > 0) sizes.add(largestTokens);
  return [...sizes];
}
