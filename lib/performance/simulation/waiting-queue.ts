/**
 * Requests on their way to the scheduler or waiting for it, first come first served; a preempted request goes to the
 * front. Arrivals are pushed in the order in which the scheduler sees them.
 */
export class WaitingQueue {
  private readonly arrivals: Int32Array;
  private readonly preempted: Int32Array;
  private head = 0;
  private tail = 0;
  private seen = 0;
  private preemptedCount = 0;

  /** Place of the peeked request among the preempted ones, or -1 when it has just arrived. */
  private peeked = -1;

  private readonly queuedMs: Float64Array;
  private readonly staleUntil: Int32Array;

  /** `staleUntil` names the batch that must end before a preempted request can run again. */
  constructor(requests: number, queuedMs: Float64Array, staleUntil: Int32Array) {
    this.queuedMs = queuedMs;
    this.staleUntil = staleUntil;
    this.arrivals = new Int32Array(requests);
    this.preempted = new Int32Array(requests);
  }

  push(request: number): void {
    this.arrivals[this.tail++] = request;
  }

  pushFront(request: number): void {
    this.preempted[this.preemptedCount++] = request;
  }

  /**
   * The request to admit next at `nowMs`, or -1. A preempted request whose token is still in flight (its batch comes
   * after `endedBatch`) is passed over, as vLLM does.
   */
  peek(nowMs: number, endedBatch: number): number {
    for (this.peeked = this.preemptedCount - 1; this.peeked >= 0; this.peeked--) {
      const request = this.preempted[this.peeked] ?? -1;
      if ((this.staleUntil[request] ?? -1) <= endedBatch) return request;
    }
    if (this.head === this.tail) return -1;
    const request = this.arrivals[this.head] ?? -1;
    return (this.queuedMs[request] ?? Number.POSITIVE_INFINITY) <= nowMs ? request : -1;
  }

  /** Takes the request out that was peeked last. */
  shift(): void {
    if (this.peeked < 0) {
      this.head++;
      return;
    }
    this.preempted.copyWithin(this.peeked, this.peeked + 1, this.preemptedCount);
    this.preemptedCount--;
  }

  /** When the next request that the scheduler has not seen yet reaches it; infinity when none is on its way. */
  get nextArrivalMs(): number {
    if (this.seen === this.tail) return Number.POSITIVE_INFINITY;
    return this.queuedMs[this.arrivals[this.seen] ?? -1] ?? Number.POSITIVE_INFINITY;
  }

  /** The scheduler looks at the queue: whoever has arrived by `nowMs` waits from now on. */
  look(nowMs: number): void {
    while (this.nextArrivalMs <= nowMs) this.seen++;
  }

  /** Requests that wait: seen and not admitted, or preempted. */
  get waiting(): number {
    return Math.max(0, this.seen - this.head) + this.preemptedCount;
  }

  /** Requests sent to this queue and not admitted yet, those still on their way included. */
  get pending(): number {
    return this.tail - this.head + this.preemptedCount;
  }
}
