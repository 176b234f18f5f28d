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
  private readonly mask: number;

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

  /** Adds a sequence with `cached` tokens to the sums; it decodes from step `first` on. */
  enter(cached: number, first: number): void {
    this.sequences++;
    // kept as if the sequence were in step `counter`, so that advancing the sums stays uniform
    this.contextTokens += cached - (first - this.counter);
    this.shiftPhase(cached, first, 1);
  }

  /** Adds a sequence with `cached` tokens whose decodes are the steps `first` to `last`. */
  join(sequence: Sequence, cached: number, first: number, last: number): void {
    this.enter(cached, first);
    const bucket = last & this.mask;
    const head = this.heads[bucket];
    sequence.nextFinishing = head;
    sequence.previousFinishing = undefined;
    if (head !== undefined) head.previousFinishing = sequence;
    this.heads[bucket] = sequence;
  }

  /** Takes a sequence out that joined with these values. */
  leave(cached: number, first: number): void {
    this.sequences--;
    this.contextTokens -= cached + (this.counter - first);
    this.shiftPhase(cached, first, -1);
  }

  /** Takes a sequence out of the calendar of last tokens, in which it stands at step `last`. */
  unlink({ nextFinishing: after, previousFinishing: before }: Sequence, last: number): void {
    if (after !== undefined) after.previousFinishing = before;
    if (before !== undefined) before.nextFinishing = after;
    else this.heads[last & this.mask] = after;
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
