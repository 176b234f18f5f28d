const NONE = -1;

/** Requests in the order of their admission, as a doubly linked list: preemption takes the last. */
export class RunningList {
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private tail = NONE;

  constructor(requests: number) {
    this.next = new Int32Array(requests).fill(NONE);
    this.previous = new Int32Array(requests).fill(NONE);
  }

  /** The request admitted last, or -1. */
  get last(): number {
    return this.tail;
  }

  push(request: number): void {
    this.previous[request] = this.tail;
    this.next[request] = NONE;
    if (this.tail !== NONE) this.next[this.tail] = request;
    this.tail = request;
  }

  remove(request: number): void {
    const after = this.next[request] ?? NONE;
    const before = this.previous[request] ?? NONE;
    if (after !== NONE) this.previous[after] = before;
    else this.tail = before;
    if (before !== NONE) this.next[before] = after;
  }
}
