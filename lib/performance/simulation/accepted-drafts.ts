import { randomStream } from "./random-stream";
import type { Speculation } from "./speculation";

/** Draws that are made once; each request reads them from a place of its own. */
const DRAWS = 1 << 16;
/** Distance of the places of neighbouring requests: odd, so that they spread over all draws. */
const APART = 40_503;

/** How many tokens each decode step of a request brings, drawn once for a seed: position by position until one is rejected. */
export class AcceptedDrafts {
  private readonly draws = new Uint8Array(DRAWS);

  constructor({ draftTokens, acceptance }: Speculation, seed: number) {
    const stream = randomStream(seed, "accepted drafts");
    for (let i = 0; i < DRAWS; i++) {
      let tokens = 1;
      while (tokens <= draftTokens && stream.next() < acceptance) tokens++;
      this.draws[i] = tokens;
    }
  }

  /** Tokens of the request's decode step number `step`, at least 1. */
  tokensOf(row: number, step: number): number {
    return this.draws[(row * APART + step) & (DRAWS - 1)];
  }
}
