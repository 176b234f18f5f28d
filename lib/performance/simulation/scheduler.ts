import type { StepShape } from "../types";
import type { Batch } from "./batch";
import { DecodeGroup } from "./decode-group";
import { KvPool } from "./kv-pool";
import type { ReplicaContext } from "./replica-context";
import { BLOCK_TOKENS } from "./request-table";
import { RunningList } from "./running-list";
import { WaitingQueue } from "./waiting-queue";

const NONE = -1;

const blocksOf = (tokens: number): number => Math.ceil(tokens / BLOCK_TOKENS);
const fullBlocksOf = (tokens: number): number => Math.floor(tokens / BLOCK_TOKENS);

/**
 * vLLM's V1 scheduler: composes a batch of the decodes of one pipeline slot, then the unfinished prompt, then waiting
 * requests up to the token budget. A sequence that lacks a block takes those of the request admitted last, and nobody is
 * admitted to that batch. Source of the rules: vllm/v1/core/sched/scheduler.py of the versions in scheduler-rules.ts;
 * bench/vllm runs the real one beside it.
 */
export class Scheduler {
  running = 0;
  readonly waiting: WaitingQueue;
  readonly pool: KvPool;
  readonly groups: DecodeGroup[] = [];
  /** The batch that was composed last. */
  readonly step: StepShape = {
    tokens: 0,
    decodeSequences: 0,
    decodeContextTokens: 0,
    prefillAttentionMs: 0,
    sampledSequences: 0,
  };
  private partial = NONE;
  private readonly context: ReplicaContext;
  private readonly list: RunningList;

  constructor(context: ReplicaContext, slots: number) {
    this.context = context;
    const { requests, limits, state } = context;
    let longest = 1;
    for (const tokens of requests.outputTokens) if (tokens > longest) longest = tokens;
    for (let slot = 0; slot < slots; slot++)
      this.groups.push(new DecodeGroup(longest, state.nextFinish, state.previousFinish));
    this.list = new RunningList(requests.count);
    this.waiting = new WaitingQueue(requests.count, requests.queuedMs, state.staleUntil);
    this.pool = new KvPool({
      blocks: limits.blocks,
      requests: requests.count,
      sharedBlocks: limits.sharedBlocks,
      keepsFreed: limits.prefixCaching,
    });
  }

  /** Composes batch `number` for the slot at `nowMs`, the batches up to `ended` being out. False when it is empty. */
  compose(batch: Batch, slot: number, nowMs: number, number: number, ended: number): boolean {
    const group = this.groups[slot] as DecodeGroup;
    batch.clear();
    const preempted = this.takeDecodes(group);
    if (this.takePartial(batch, slot, number) && !preempted)
      this.takeWaiting(batch, slot, nowMs, number, ended);
    if (this.step.tokens === 0) return false;
    batch.slot = slot;
    batch.counter = group.counter;
    batch.decodes = group.sequences - group.ending;
    group.lastBatch = number;
    this.markFinishing(batch, group);
    group.advance();
    for (let i = 0; i < batch.firstCount; i++) this.startDecoding(batch, group, batch.firsts[i] ?? 0);
    return true;
  }

  /** Frees what a request holds whose last token is out. */
  finish(request: number): void {
    const { state } = this.context;
    if (state.finishing[request] === 0) return; // preempted while its last token was in flight
    state.finishing[request] = 0;
    if (this.context.limits.endsByToken) this.leaveGroup(request);
    const computed = (state.promptTokens[request] ?? 0) + (state.remainingTokens[request] ?? 0) - 1;
    this.release(request, computed, false);
  }

  /** Gives each decoding sequence its block, preempting the last admitted while blocks lack. True when it preempted. */
  private takeDecodes(group: DecodeGroup): boolean {
    const { pool, step } = this;
    let preempted = false;
    if (!this.context.limits.reservesOutput) {
      while (group.blocksNeeded > pool.free) {
        this.preempt(this.list.last);
        preempted = true;
      }
      pool.take(group.blocksNeeded);
    }
    step.tokens = group.sequences;
    step.decodeSequences = group.sequences;
    step.decodeContextTokens = group.contextTokens;
    step.sampledSequences = group.sequences;
    step.prefillAttentionMs = 0;
    return preempted;
  }

  /** Continues the unfinished prompt; false when that was preempted for want of blocks. */
  private takePartial(batch: Batch, slot: number, number: number): boolean {
    const request = this.partial;
    if (request === NONE) return true;
    if (this.chunkBlocks(request) > this.pool.free) {
      this.preempt(request);
      return false;
    }
    this.takeChunk(batch, slot, request, number);
    return true;
  }

  private takeWaiting(batch: Batch, slot: number, nowMs: number, number: number, ended: number): void {
    const { tokenBudget, maxSequences } = this.context.limits;
    while (this.step.tokens < tokenBudget && this.partial === NONE && this.running < maxSequences) {
      const request = this.waiting.peek(nowMs, ended);
      if (request === NONE || !this.admit(request, nowMs)) return;
      this.takeChunk(batch, slot, request, number);
    }
  }

  /** Admits the request if its blocks are there, with what the cache still has of it. */
  private admit(request: number, nowMs: number): boolean {
    const { requests, state, recorder, limits } = this.context;
    const { pool } = this;
    const tokens = state.promptTokens[request] ?? 0;
    const shareable = (requests.cachedTokens[request] ?? 0) / BLOCK_TOKENS;
    const shared = Math.min(shareable, pool.sharedBlocks);
    // the last token is always computed, so a hit never reaches it
    const own =
      shared === shareable ? Math.min(pool.ownBlocks(request), fullBlocksOf(tokens - 1) - shared) : 0;
    const hit = (shared + own) * BLOCK_TOKENS;
    const firstChunk = hit + Math.min(tokens - hit, limits.tokenBudget - this.step.tokens);
    const wanted = this.isWholeAdmitted() ? this.wholeTokens(request) : firstChunk;
    if (blocksOf(wanted) - (pool.isSharedHeld ? shared : 0) > pool.free) return false;
    this.waiting.shift();
    this.list.push(request);
    this.running++;
    if (this.running > recorder.maxRunning) recorder.maxRunning = this.running;
    if (Number.isNaN(requests.scheduledMs[request])) requests.scheduledMs[request] = nowMs;
    if (shareable > 0) {
      state.sharing[request] = 1;
      pool.holdShared();
    }
    pool.reclaim(request, own);
    state.blocks[request] = own;
    state.computedTokens[request] = hit;
    return true;
  }

  private isWholeAdmitted(): boolean {
    const { reservesOutput, rules } = this.context.limits;
    return reservesOutput || rules.admitsWholePrompts;
  }

  /** Tokens that must fit before the request is admitted, where that is more than its first chunk. */
  private wholeTokens(request: number): number {
    const { state, limits } = this.context;
    const prompt = state.promptTokens[request] ?? 0;
    return limits.reservesOutput ? prompt + (state.remainingTokens[request] ?? 0) : prompt;
  }

  private chunkTokens(request: number): number {
    const { state, limits } = this.context;
    const rest = (state.promptTokens[request] ?? 0) - (state.computedTokens[request] ?? 0);
    return Math.min(rest, limits.tokenBudget - this.step.tokens);
  }

  /** Blocks of the shared prefix that the request uses. */
  private sharedBlocks(request: number): number {
    const { requests, state } = this.context;
    if (state.sharing[request] === 0) return 0;
    return Math.min((requests.cachedTokens[request] ?? 0) / BLOCK_TOKENS, this.pool.sharedBlocks);
  }

  /** Blocks that the request's next chunk adds. */
  private chunkBlocks(request: number): number {
    const { state, limits } = this.context;
    const tokens = limits.reservesOutput
      ? this.wholeTokens(request)
      : (state.computedTokens[request] ?? 0) + this.chunkTokens(request);
    return blocksOf(tokens) - this.sharedBlocks(request) - (state.blocks[request] ?? 0);
  }

  private takeChunk(batch: Batch, slot: number, request: number, number: number): void {
    const { state, latency } = this.context;
    const chunk = this.chunkTokens(request);
    if (chunk === 0) return;
    const blocks = this.chunkBlocks(request);
    const past = state.computedTokens[request] ?? 0;
    state.blocks[request] = (state.blocks[request] ?? 0) + blocks;
    this.pool.take(blocks);
    state.computedTokens[request] = past + chunk;
    this.sharePrefix(request);
    this.step.tokens += chunk;
    this.step.prefillAttentionMs += latency.prefillAttentionMs(past, chunk);
    if (past + chunk < (state.promptTokens[request] ?? 0)) {
      this.partial = request;
      state.staleUntil[request] = number;
      return;
    }
    this.partial = NONE;
    this.step.sampledSequences++;
    state.slot[request] = slot;
    batch.addFirst(request, state.epoch[request] ?? 0);
  }

  /** What the request has computed of the shared prefix serves the others from now on. */
  private sharePrefix(request: number): void {
    const { state, requests } = this.context;
    if (state.sharing[request] === 0) return;
    const shareable = requests.cachedTokens[request] ?? 0;
    const covered = fullBlocksOf(Math.min(shareable, state.computedTokens[request] ?? 0));
    const grown = covered - this.pool.sharedBlocks;
    if (grown <= 0) return;
    this.pool.growShared(grown);
    state.blocks[request] = (state.blocks[request] ?? 0) - grown;
  }

  /** Marks those whose last token this batch computes; they keep their blocks and their place until it ends. */
  private markFinishing(batch: Batch, group: DecodeGroup): void {
    const { state, limits } = this.context;
    const last = group.counter;
    for (let request = group.firstFinishing; request !== NONE; request = group.firstFinishing) {
      const prompt = state.promptTokens[request] ?? 0;
      group.unlink(request, last);
      state.finishing[request] = 1;
      batch.addFinishing(request);
      if (limits.endsByToken) {
        group.ending++;
        continue;
      }
      group.leave(prompt, state.firstDecode[request] ?? 0);
      if (limits.reservesOutput) continue;
      const cached = prompt + (state.remainingTokens[request] ?? 0) - 1;
      state.blocks[request] = blocksOf(cached) - this.sharedBlocks(request);
    }
  }

  /** After the group has advanced: the request decodes from the slot's next batch on. */
  private startDecoding(batch: Batch, group: DecodeGroup, request: number): void {
    const { state, limits } = this.context;
    const prompt = state.promptTokens[request] ?? 0;
    const decodes = (state.remainingTokens[request] ?? 0) - 1;
    state.firstDecode[request] = group.counter;
    if (decodes > 0) {
      group.join(request, prompt, group.counter, group.counter + decodes - 1);
      return;
    }
    state.finishing[request] = 1;
    batch.addFinishing(request);
    if (!limits.endsByToken) return;
    group.enter(prompt, group.counter);
    group.ending++;
  }

  /** Takes a request out of its group that ends by a token, and counts its blocks. */
  private leaveGroup(request: number): void {
    const { state, limits } = this.context;
    const group = this.groups[state.slot[request] ?? 0] as DecodeGroup;
    const prompt = state.promptTokens[request] ?? 0;
    const first = state.firstDecode[request] ?? 0;
    group.leave(prompt, first);
    group.ending--;
    if (!limits.reservesOutput)
      state.blocks[request] = blocksOf(prompt + group.counter - first) - this.sharedBlocks(request);
  }

  /** Takes the request's blocks away; `computed` of its tokens are in the cache and could be found again. */
  private release(request: number, computed: number, isPreempted: boolean): void {
    const { state } = this.context;
    const cached = fullBlocksOf(computed) - this.sharedBlocks(request);
    this.pool.give(request, state.blocks[request] ?? 0, Math.max(0, cached), isPreempted);
    if (state.sharing[request] === 1) {
      state.sharing[request] = 0;
      this.pool.dropShared();
    }
    state.blocks[request] = 0;
    this.list.remove(request);
    this.running--;
  }

  /** Takes the request's blocks away and puts it to the front of the queue; prompt and tokens so far are recomputed. */
  private preempt(request: number): void {
    const { state, recorder } = this.context;
    recorder.preemptions++;
    if (state.finishing[request] === 1) {
      this.finish(request); // the token in flight is its last: it does not come back
      return;
    }
    const computed = request === this.partial ? this.dropPartial(request) : this.dropDecoding(request);
    this.release(request, computed, true);
    state.computedTokens[request] = 0;
    this.waiting.pushFront(request);
  }

  private dropPartial(request: number): number {
    this.partial = NONE;
    return this.context.state.computedTokens[request] ?? 0;
  }

  /** Takes a decoding request out of its group; its tokens become part of the prompt. Returns its tokens in the cache. */
  private dropDecoding(request: number): number {
    const { state, limits } = this.context;
    const group = this.groups[state.slot[request] ?? 0] as DecodeGroup;
    const prompt = state.promptTokens[request] ?? 0;
    const first = state.firstDecode[request] ?? 0;
    const decodes = group.counter - first;
    const { isInFlight } = group;
    state.blocks[request] = blocksOf(prompt + decodes) - this.sharedBlocks(request);
    group.unlink(request, first + (state.remainingTokens[request] ?? 0) - 2);
    group.leave(prompt, first);
    state.staleUntil[request] = -1;
    if (!isInFlight) this.keepTokens(request, decodes + 1, group.endedMs);
    else if (limits.rules.keepsTokensInFlight) {
      state.staleUntil[request] = group.lastBatch;
      this.keepTokens(request, decodes + 1, decodes > 0 ? group.lastEndMs : Number.NaN);
    } else this.loseTokenInFlight(request, decodes, group);
    return decodes > 0 && isInFlight ? prompt + decodes - 1 : prompt + decodes;
  }

  /** Tokens that are out, or will be, become part of the prompt to recompute. */
  private keepTokens(request: number, tokens: number, lastMs: number): void {
    const { state } = this.context;
    state.promptTokens[request] = (state.promptTokens[request] ?? 0) + tokens;
    state.remainingTokens[request] = (state.remainingTokens[request] ?? 0) - tokens;
    if (!Number.isNaN(lastMs)) state.lastTokenMs[request] = lastMs;
  }

  /** Older versions discard what comes back for a request that was preempted meanwhile. */
  private loseTokenInFlight(request: number, decodes: number, group: DecodeGroup): void {
    const { state } = this.context;
    state.epoch[request] = (state.epoch[request] ?? 0) + 1;
    if (decodes === 0) return;
    group.lost++;
    this.keepTokens(request, decodes, group.endedMs);
  }
}
