/**
 * Requests on their way to the scheduler or waiting for it, first come first served; a preempted request goes to the
 * front. Arrivals are pushed in the order in which the scheduler sees them.
 */
export class WaitingQueue {
  private readonly arrivals: Int32Array;
  private readonly preempted: Int32Array;
  private head = 0;
  private tail = 0;
  private arrived = 0;
  private preemptedCount = 0;

  private readonly queuedMs: Float64Array;

  constructor(requests: number, queuedMs: Float64Array) {
    this.queuedMs = queuedMs;
    this.arrivals = new Int32Array(requests);
    this.preempted = new Int32Array(requests);
  }

  push(request: number): void {
    this.arrivals[this.tail++] = request;
  }

  pushFront(request: number): void {
    this.preempted[this.preemptedCount++] = request;
  }

  /** The request to admit next at `nowMs`, or -1. */
  peek(nowMs: number): number {
    if (this.preemptedCount > 0) return this.preempted[this.preemptedCount - 1] ?? -1;
    if (this.head === this.tail) return -1;
    const request = this.arrivals[this.head] ?? -1;
    return (this.queuedMs[request] ?? Number.POSITIVE_INFINITY) <= nowMs ? request : -1;
  }

  shift(): void {
    if (this.preemptedCount > 0) this.preemptedCount--;
    else this.head++;
  }

  /** When the next request reaches the scheduler after `nowMs`; infinity when none is on its way. */
  nextArrivalMs(nowMs: number): number {
    const arrived = this.advance(nowMs);
    if (arrived === this.tail) return Number.POSITIVE_INFINITY;
    return this.queuedMs[this.arrivals[arrived] ?? -1] ?? Number.POSITIVE_INFINITY;
  }

  /** Requests that wait at `nowMs`. */
  waiting(nowMs: number): number {
    return Math.max(0, this.advance(nowMs) - this.head) + this.preemptedCount;
  }

  /** Requests sent to this queue and not admitted yet, those still on their way included. */
  get pending(): number {
    return this.tail - this.head + this.preemptedCount;
  }

  private advance(nowMs: number): number {
    while (this.arrived < this.tail) {
      const queued = this.queuedMs[this.arrivals[this.arrived] ?? -1] ?? Number.POSITIVE_INFINITY;
      if (queued > nowMs) break;
      this.arrived++;
    }
    return this.arrived;
  }
}
