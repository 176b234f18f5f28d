import { BLOCK_TOKENS } from "./request-table";

const NONE = -1;

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
  private readonly heads: Int32Array;
  private readonly mask: number;

  private readonly next: Int32Array;
  private readonly previous: Int32Array;

  constructor(maxOutputTokens: number, next: Int32Array, previous: Int32Array) {
    this.next = next;
    this.previous = previous;
    const size = 2 ** Math.ceil(Math.log2(maxOutputTokens + 2));
    this.heads = new Int32Array(size).fill(NONE);
    this.mask = size - 1;
  }

  /** Whether the batch composed last is still computed. */
  get isInFlight(): boolean {
    return this.ended < this.counter - 1;
  }

  /** New KV blocks that the coming step needs. */
  get blocksNeeded(): number {
    return this.blockPhases[this.counter & (BLOCK_TOKENS - 1)] ?? 0;
  }

  /** First request that computes its last token in the coming step, or -1. */
  get firstFinishing(): number {
    return this.heads[this.counter & this.mask] ?? NONE;
  }

  /** Adds a sequence with `cached` tokens to the sums; it decodes from step `first` on. */
  enter(cached: number, first: number): void {
    this.sequences++;
    // kept as if the sequence were in step `counter`, so that advancing the sums stays uniform
    this.contextTokens += cached - (first - this.counter);
    this.shiftPhase(cached, first, 1);
  }

  /** Adds a sequence with `cached` tokens whose decodes are the steps `first` to `last`. */
  join(request: number, cached: number, first: number, last: number): void {
    this.enter(cached, first);
    const bucket = last & this.mask;
    const head = this.heads[bucket] ?? NONE;
    this.next[request] = head;
    this.previous[request] = NONE;
    if (head !== NONE) this.previous[head] = request;
    this.heads[bucket] = request;
  }

  /** Takes a sequence out that joined with these values. */
  leave(cached: number, first: number): void {
    this.sequences--;
    this.contextTokens -= cached + (this.counter - first);
    this.shiftPhase(cached, first, -1);
  }

  /** Takes a sequence out of the calendar of last tokens, in which it stands at step `last`. */
  unlink(request: number, last: number): void {
    const after = this.next[request] ?? NONE;
    const before = this.previous[request] ?? NONE;
    if (after !== NONE) this.previous[after] = before;
    if (before !== NONE) this.next[before] = after;
    else this.heads[last & this.mask] = after;
  }

  /** Moves to the next step: every sequence has cached one token more. */
  advance(): void {
    this.contextTokens += this.sequences;
    this.counter++;
  }

  private shiftPhase(cached: number, first: number, by: number): void {
    const phase = (first - cached) & (BLOCK_TOKENS - 1);
    this.blockPhases[phase] = (this.blockPhases[phase] ?? 0) + by;
  }
}
