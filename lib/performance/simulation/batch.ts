import type { StepShape } from "../types";
import type { Sequence } from "./sequence";

/** One batch in flight. Reused in a ring: the simulation makes no object per step. */
export class Batch {
  /** Pipeline slot, or -1 for an empty batch, which only takes a place in the queue. */
  slot = 0;
  /** Which of the slot's batches this is. */
  counter = 0;
  endMs = 0;
  /** Of ranks that step together: which of their rounds it is, and its shape. */
  round = 0;
  readonly step: StepShape = {
    tokens: 0,
    decodeSequences: 0,
    decodeContextTokens: 0,
    prefillAttentionMs: 0,
    sampledSequences: 0,
  };
  /** Decoding sequences that get tokens from it, and the tokens. */
  decodes = 0;
  tokens = 0;
  /** Sequences whose prompt this batch completes, with the epoch they had: a preemption in between voids the token. */
  readonly firsts: Sequence[] = [];
  readonly firstEpochs: number[] = [];
  firstCount = 0;
  /** Sequences whose last token this batch computes. */
  readonly finishing: Sequence[] = [];
  finishingCount = 0;

  /** No prompt and no sequence ends with it. */
  get onlyDecodes(): boolean {
    return this.slot >= 0 && this.firstCount === 0 && this.finishingCount === 0;
  }

  clear(): void {
    this.firstCount = 0;
    this.finishingCount = 0;
    this.decodes = 0;
    this.tokens = 0;
  }

  addFirst(sequence: Sequence): void {
    this.firsts[this.firstCount] = sequence;
    this.firstEpochs[this.firstCount++] = sequence.epoch;
  }

  addFinishing(sequence: Sequence): void {
    this.finishing[this.finishingCount++] = sequence;
  }
}

/** Takes over the shape of a step whose object is reused. */
export function copyStep(from: StepShape, to: StepShape): void {
  to.tokens = from.tokens;
  to.decodeSequences = from.decodeSequences;
  to.decodeContextTokens = from.decodeContextTokens;
  to.prefillAttentionMs = from.prefillAttentionMs;
  to.sampledSequences = from.sampledSequences;
}
