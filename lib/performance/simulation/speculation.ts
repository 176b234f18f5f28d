/** How drafts are made and taken: what the scheduler and the step time need to know of them. */
export interface Speculation {
  /** Tokens that are drafted for each sequence and verified in its next step. */
  readonly draftTokens: number;
  /** Probability that a draft is accepted when those before it were, 0..1. */
  readonly acceptance: number;
}

/**
 * Mean tokens that a sequence gains in a step: the accepted drafts and the one that the target model samples itself,
 * 1 + p + p^2 + ... + p^k (Leviathan et al., Fast Inference from Transformers via Speculative Decoding, 2023, eq. 1; vLLM
 * logs it as "Mean acceptance length").
 */
export function tokensPerStep({ draftTokens, acceptance }: Speculation): number {
  let sum = 1;
  for (let position = 1; position <= draftTokens; position++) sum += acceptance ** position;
  return sum;
}

/** The acceptance with which `draftTokens` drafts give `length` tokens a step, which lies between 1 and draftTokens + 1. */
export function acceptanceOf(length: number, draftTokens: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (tokensPerStep({ draftTokens, acceptance: middle }) < length) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
