import { BLOCK_TOKENS } from "./request-table";
import type { Sequence } from "./sequence";

/**
 * The decoding sequences that step together: all of a replica, or those of one microbatch with pipeline parallelism.
 * They all gain one token a step, so a step changes only sums: the number of sequences, their cached tokens, and how
 * many need a new KV block (a sequence needs one every 16 steps, at a phase fixed when it joins). Who finishes at
 * which step is a calendar of linked lists. No step walks over the sequences.
 */
export class DecodeGroup {
  /** Steps composed so far. */
  counter = 0;
  /** Last step whose tokens are out. */
  ended = -1;
  endedMs = Number.NaN;
  /** Number and end of the group's last batch. */
  lastBatch = -1;
  lastEndMs = 0;
  sequences = 0;
  /** Sequences of these whose last token is being computed: the scheduler does not know yet that they have ended. */
  ending = 0;
  /** Tokens in flight that nobody will take. */
  lost = 0;
  contextTokens = 0;
  private readonly blockPhases = new Int32Array(BLOCK_TOKENS);
  private readonly heads: (Sequence | undefined)[];
  protected readonly mask: number;

  constructor(maxOutputTokens: number) {
    const size = 2 ** Math.ceil(Math.log2(maxOutputTokens + 2));
    this.heads = new Array(size).fill(undefined);
    this.mask = size - 1;
  }

  /** Whether the batch composed last is still computed. */
  get isInFlight(): boolean {
    return this.ended < this.counter - 1;
  }

  /** New KV blocks that the coming step needs. */
  get blocksNeeded(): number {
    return this.blockPhases[this.counter & (BLOCK_TOKENS - 1)];
  }

  /** First sequence that computes its last token in the coming step. */
  get firstFinishing(): Sequence | undefined {
    return this.heads[this.counter & this.mask];
  }

  /** Tokens that the sequences get in the coming step. */
  get tokensGained(): number {
    return this.sequences - this.ending;
  }

  /** Tokens of a decoding sequence that are in the cache or on their way there. */
  tokensOf({ promptTokens, firstDecode }: Sequence): number {
    return promptTokens + this.counter - firstDecode;
  }

  /** Tokens of a decoding sequence that it holds blocks for. */
  heldTokensOf(sequence: Sequence): number {
    return this.tokensOf(sequence);
  }

  /** Adds a sequence that decodes from the coming step on to the sums. */
  enter({ promptTokens, firstDecode }: Sequence): void {
    this.sequences++;
    this.contextTokens += promptTokens;
    this.shiftPhase(promptTokens, firstDecode, 1);
  }

  /** Adds a sequence that decodes `decodes` tokens from the coming step on. */
  join(sequence: Sequence, decodes: number): void {
    this.enter(sequence);
    this.finishesAt(sequence, this.counter + decodes - 1);
  }

  /** Enters the step of a sequence's last token into the calendar. */
  protected finishesAt(sequence: Sequence, last: number): void {
    sequence.lastDecode = last;
    const bucket = last & this.mask;
    const head = this.heads[bucket];
    sequence.nextFinishing = head;
    sequence.previousFinishing = undefined;
    if (head !== undefined) head.previousFinishing = sequence;
    this.heads[bucket] = sequence;
  }

  /** Takes a sequence out of the sums. */
  leave(sequence: Sequence): void {
    this.sequences--;
    this.contextTokens -= this.tokensOf(sequence);
    this.shiftPhase(sequence.promptTokens, sequence.firstDecode, -1);
  }

  /** Takes a sequence out of the calendar of last tokens. */
  unlink({ nextFinishing: after, previousFinishing: before, lastDecode }: Sequence): void {
    if (after !== undefined) after.previousFinishing = before;
    if (before !== undefined) before.nextFinishing = after;
    else this.heads[lastDecode & this.mask] = after;
  }

  /** Moves to the next step: every sequence has cached one token more. */
  advance(): void {
    this.contextTokens += this.sequences;
    this.counter++;
  }

  private shiftPhase(cached: number, first: number, by: number): void {
    this.blockPhases[(first - cached) & (BLOCK_TOKENS - 1)] += by;
  }
}
