import type { Sequence } from "./sequence";

const NONE = -1;
/** Owner of segments that nobody asks for again: blocks of finished requests. */
const NOBODY = -1;
/** Owner of the segment that holds the prefix which the requests share. */
const SHARED = -2;

/**
 * The KV blocks of one replica as vLLM's `BlockPool` keeps them: blocks without reusable content are taken first, then
 * those freed longest ago, of one request the last block first. What a preempted request left behind is found again as
 * long as nobody has taken it; so is the prefix that requests share, which is held once for all of them.
 */
export class KvPool {
  readonly blocks: number;
  /** Blocks of running requests and of the shared prefix while one of them holds it. */
  used = 0;
  /** Blocks of the shared prefix that are in the cache. */
  sharedBlocks: number;
  private readonly keepsFreed: boolean;
  private sharedHolders = 0;
  private plain: number;
  /** Ring of freed segments, oldest first: owner and blocks left. A sequence knows its place in it. */
  private owners = new Int32Array(64);
  private counts = new Int32Array(64);
  private head = 0;
  private tail = 0;
  private sharedPlace = NONE;

  constructor(shape: { blocks: number; sharedBlocks: number; keepsFreed: boolean }) {
    this.blocks = shape.blocks;
    this.keepsFreed = shape.keepsFreed;
    this.sharedBlocks = shape.keepsFreed ? Math.min(shape.sharedBlocks, shape.blocks) : 0;
    this.plain = shape.blocks - this.sharedBlocks;
    if (this.sharedBlocks > 0) this.sharedPlace = this.append(SHARED, this.sharedBlocks);
  }

  get free(): number {
    return this.blocks - this.used;
  }

  /** Whether holding the shared prefix costs nothing more, because somebody holds it already. */
  get isSharedHeld(): boolean {
    return this.sharedHolders > 0;
  }

  /** Takes free blocks; the caller has seen that there are as many. */
  take(blocks: number): void {
    this.used += blocks;
    if (blocks <= this.plain) {
      this.plain -= blocks;
      return;
    }
    let left = blocks - this.plain;
    this.plain = 0;
    while (left > 0 && this.head < this.tail) {
      const at = this.head & (this.counts.length - 1);
      const count = this.counts[at];
      const taken = Math.min(count, left);
      left -= taken;
      this.counts[at] = count - taken;
      if (this.owners[at] === SHARED && this.sharedPlace === this.head) this.sharedBlocks -= taken;
      if (taken === count) this.head++;
    }
  }

  /** Gives a sequence's blocks back: `cached` of them could be found again, by the sequence itself if it was preempted. */
  give(sequence: Sequence, cached: number, isPreempted: boolean): void {
    const { blocks } = sequence;
    this.used -= blocks;
    const kept = this.keepsFreed ? Math.min(cached, blocks) : 0;
    this.plain += blocks - kept;
    if (kept <= 0) return;
    const at = this.append(isPreempted ? sequence.row : NOBODY, kept);
    if (isPreempted) sequence.freedAt = at;
  }

  /** Blocks of its own that a preempted sequence would find again. */
  ownBlocks({ freedAt }: Sequence): number {
    return freedAt < this.head ? 0 : this.counts[freedAt & (this.counts.length - 1)];
  }

  /** Takes the first `blocks` of the sequence's own ones back; what lies behind them is nobody's now. */
  reclaim(sequence: Sequence, blocks: number): void {
    const at = sequence.freedAt;
    sequence.freedAt = NONE;
    if (blocks === 0) return;
    this.used += blocks;
    this.counts[at & (this.counts.length - 1)] -= blocks;
  }

  /** One more request holds the shared prefix. */
  holdShared(): void {
    if (this.sharedHolders++ > 0 || this.sharedPlace < this.head) return;
    this.used += this.sharedBlocks;
    this.counts[this.sharedPlace & (this.counts.length - 1)] = 0;
    this.sharedPlace = NONE;
  }

  /** The blocks that a request computed of a prefix that was not, or not wholly, in the cache belong to all from now on. */
  growShared(blocks: number): void {
    this.sharedBlocks += blocks;
  }

  /** One request less holds the shared prefix; the last leaves it among the freed blocks. */
  dropShared(): void {
    if (--this.sharedHolders > 0 || this.sharedBlocks === 0) return;
    this.used -= this.sharedBlocks;
    this.sharedPlace = this.append(SHARED, this.sharedBlocks);
  }

  private append(owner: number, blocks: number): number {
    const last = (this.tail - 1) & (this.counts.length - 1);
    if (owner === NOBODY && this.tail > this.head && this.owners[last] === NOBODY) {
      this.counts[last] += blocks;
      return this.tail - 1;
    }
    if (this.tail - this.head === this.counts.length) this.grow();
    const at = this.tail & (this.counts.length - 1);
    this.owners[at] = owner;
    this.counts[at] = blocks;
    return this.tail++;
  }

  private grow(): void {
    const { owners, counts, head, tail } = this;
    this.owners = new Int32Array(2 * owners.length);
    this.counts = new Int32Array(2 * counts.length);
    for (let at = head; at < tail; at++) {
      this.owners[at & (this.counts.length - 1)] = owners[at & (counts.length - 1)] ?? NOBODY;
      this.counts[at & (this.counts.length - 1)] = counts[at & (counts.length - 1)];
    }
  }
}
