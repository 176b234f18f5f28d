/** Largest batch that vLLM captures by default. */
export const LARGEST_CAPTURE = 512;

/**
 * Tokens that a step really computes: vLLM pads it to the next captured CUDA graph (1, 2, 4, then every 8 up to 256,
 * every 16 up to 512; vllm/config/compilation.py). Larger steps run unpadded.
 */
export function paddedTokens(tokens: number): number {
  if (tokens > LARGEST_CAPTURE) return tokens;
  if (tokens <= 2) return tokens;
  if (tokens <= 4) return 4;
  const stride = tokens <= 256 ? 8 : 16;
  return Math.ceil(tokens / stride) * stride;
}
