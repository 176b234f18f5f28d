import type { Sequence } from "./sequence";

/**
 * Requests on their way to the scheduler or waiting for it, first come first served; a preempted request goes to the
 * front. Arrivals are pushed in the order in which the scheduler sees them.
 */
export class WaitingQueue {
  private readonly arrivals: Sequence[] = [];
  private readonly preempted: Sequence[] = [];
  private head = 0;
  private seen = 0;
  /** Place of the peeked request among the preempted ones, or -1 when it has just arrived. */
  private peeked = -1;

  /** When the next request that the scheduler has not seen yet reaches it; infinity when none is on its way. */
  nextArrivalMs = Number.POSITIVE_INFINITY;

  push(sequence: Sequence): void {
    if (this.seen === this.arrivals.length) this.nextArrivalMs = sequence.queuedMs;
    this.arrivals.push(sequence);
  }

  pushFront(sequence: Sequence): void {
    this.preempted.push(sequence);
  }

  /**
   * The request to admit next at `nowMs`, if any. A preempted request whose token is still in flight (its batch comes
   * after `endedBatch`) is passed over, as vLLM does.
   */
  peek(nowMs: number, endedBatch: number): Sequence | undefined {
    for (this.peeked = this.preempted.length - 1; this.peeked >= 0; this.peeked--) {
      const sequence = this.preempted[this.peeked];
      if (sequence.staleUntil <= endedBatch) return sequence;
    }
    if (this.head === this.arrivals.length) return undefined;
    const sequence = this.arrivals[this.head];
    return sequence.queuedMs <= nowMs ? sequence : undefined;
  }

  /** Takes the request out that was peeked last. */
  shift(): void {
    if (this.peeked < 0) this.head++;
    else this.preempted.splice(this.peeked, 1);
  }

  /** The scheduler looks at the queue: whoever has arrived by `nowMs` waits from now on. */
  look(nowMs: number): void {
    if (this.nextArrivalMs > nowMs) return;
    while (this.seen < this.arrivals.length && this.arrivals[this.seen].queuedMs <= nowMs) this.seen++;
    const next =
      this.seen < this.arrivals.length ? this.arrivals[this.seen].queuedMs : Number.POSITIVE_INFINITY;
    this.nextArrivalMs = next;
  }

  /** Requests that wait: seen and not admitted, or preempted. */
  get waiting(): number {
    return Math.max(0, this.seen - this.head) + this.preempted.length;
  }

  /** Requests sent to this queue and not admitted yet, those still on their way included. */
  get pending(): number {
    return this.arrivals.length - this.head + this.preempted.length;
  }
}
