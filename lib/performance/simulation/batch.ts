/** One batch in flight. Reused in a ring: the simulation makes no object per step. */
export class Batch {
  /** Pipeline slot, or -1 for an empty batch, which only takes a place in the queue. */
  slot = 0;
  /** Which of the slot's batches this is. */
  counter = 0;
  endMs = 0;
  /** Tokens that decoding sequences get from it. */
  decodes = 0;
  /** Requests whose prompt this batch completes, with the epoch they had: a preemption in between voids the token. */
  readonly firsts: Int32Array;
  readonly firstEpochs: Int32Array;
  firstCount = 0;
  /** Requests whose last token this batch computes. */
  readonly finishing: Int32Array;
  finishingCount = 0;

  constructor(capacity: number) {
    this.firsts = new Int32Array(capacity);
    this.firstEpochs = new Int32Array(capacity);
    this.finishing = new Int32Array(capacity);
  }

  clear(): void {
    this.firstCount = 0;
    this.finishingCount = 0;
    this.decodes = 0;
  }

  addFirst(request: number, epoch: number): void {
    this.firsts[this.firstCount] = request;
    this.firstEpochs[this.firstCount++] = epoch;
  }

  addFinishing(request: number): void {
    this.finishing[this.finishingCount++] = request;
  }
}
