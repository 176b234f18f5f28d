import { KvPool } from "./kv-pool";
import type { ReplicaLimits } from "./replica-context";
import { BLOCK_TOKENS } from "./request-table";
import { blocksOf, fullBlocksOf, type Sequence } from "./sequence";

/** What each sequence holds of a replica's KV cache: blocks of its own, and the prefix that it shares with others. */
export class Holdings {
  readonly pool: KvPool;
  private readonly limits: ReplicaLimits;

  constructor(limits: ReplicaLimits) {
    this.limits = limits;
    const { blocks, sharedBlocks, prefixCaching } = limits;
    this.pool = new KvPool({ blocks, sharedBlocks, keepsFreed: prefixCaching });
  }

  /**
   * Admits a waiting sequence to a step with `room` tokens if its blocks are there, with what the cache still has of it.
   * `spare` blocks have to stay free.
   */
  admit(sequence: Sequence, room: number, spare: number): boolean {
    const { pool } = this;
    const { promptTokens, shareableBlocks } = sequence;
    const shared = Math.min(shareableBlocks, pool.sharedBlocks);
    // the last token is always computed, so a hit never reaches it
    const own =
      shared === shareableBlocks
        ? Math.min(pool.ownBlocks(sequence), fullBlocksOf(promptTokens - 1) - shared)
        : 0;
    const hit = (shared + own) * BLOCK_TOKENS;
    const wanted = Math.max(this.reserved(sequence), hit + Math.min(promptTokens - hit, room));
    if (blocksOf(wanted) - (pool.isSharedHeld ? shared : 0) + spare > pool.free) return false;
    if (shareableBlocks > 0) {
      sequence.isSharing = true;
      pool.holdShared();
    }
    pool.reclaim(sequence, own);
    sequence.blocks = own;
    sequence.computedTokens = hit;
    return true;
  }

  /** Blocks that the next `chunk` prompt tokens of a sequence add. */
  chunkBlocks(sequence: Sequence, chunk: number): number {
    const computed = sequence.computedTokens + chunk;
    const tokens = this.limits.reservesOutput ? this.reserved(sequence) : computed;
    return blocksOf(tokens) - this.sharedBlocks(sequence) - sequence.blocks;
  }

  /** Computes the next `chunk` prompt tokens; what they cover of the shared prefix serves the others from now on. */
  grow(sequence: Sequence, chunk: number): void {
    const blocks = this.chunkBlocks(sequence, chunk);
    sequence.blocks += blocks;
    this.pool.take(blocks);
    sequence.computedTokens += chunk;
    if (!sequence.isSharing) return;
    const covered = Math.min(sequence.shareableBlocks, fullBlocksOf(sequence.computedTokens));
    const grown = covered - this.pool.sharedBlocks;
    if (grown <= 0) return;
    this.pool.growShared(grown);
    sequence.blocks -= grown;
  }

  /** Counts the blocks of a sequence that leaves its group with `tokens` in the cache: the group knows only sums. */
  count(sequence: Sequence, tokens: number): void {
    sequence.blocks = blocksOf(tokens) - this.sharedBlocks(sequence);
  }

  /** Takes the sequence's blocks away; `computed` of its tokens are in the cache and could be found again. */
  release(sequence: Sequence, computed: number, isPreempted: boolean): void {
    const cached = fullBlocksOf(computed) - this.sharedBlocks(sequence);
    this.pool.give(sequence, Math.max(0, cached), isPreempted);
    if (sequence.isSharing) {
      sequence.isSharing = false;
      this.pool.dropShared();
    }
    sequence.blocks = 0;
  }

  /** Tokens that must fit before a sequence is admitted, where that is more than its first chunk. */
  private reserved({ promptTokens, remainingTokens }: Sequence): number {
    const { reservesOutput, rules } = this.limits;
    if (reservesOutput) return promptTokens + remainingTokens;
    return rules.admitsWholePrompts ? promptTokens : 0;
  }

  /** Blocks of the shared prefix that the sequence uses. */
  private sharedBlocks({ isSharing, shareableBlocks }: Sequence): number {
    return isSharing ? Math.min(shareableBlocks, this.pool.sharedBlocks) : 0;
  }
}
