import type { StepShape } from "../types";
import { Batch } from "./batch";
import { DecodeGroup } from "./decode-group";
import type { ReplicaContext } from "./replica-context";
import { BLOCK_TOKENS } from "./request-table";
import { RunningList } from "./running-list";
import { WaitingQueue } from "./waiting-queue";

const NONE = -1;

/**
 * One replica under vLLM's V1 scheduler: composes batches (decodes first, then the unfinished prompt, then waiting
 * requests up to the token budget), runs them through the pipeline stages and publishes their tokens.
 * Batch k + D is composed when batch k ends, D being the batches in flight. Source of the rules:
 * vllm/v1/core/sched/scheduler.py, and the measurements they reproduce (docs/accuracy.md).
 */
export class Replica {
  nowMs = 0;
  running = 0;
  servedTokens = 0;
  readonly waiting: WaitingQueue;
  private usedBlocks = 0;
  private partial = NONE;
  private inFlight = 0;
  private head = 0;
  private readonly context: ReplicaContext;
  private readonly list: RunningList;
  private readonly groups: DecodeGroup[] = [];
  private readonly slotBusy: Uint8Array;
  private readonly ring: Batch[] = [];
  private readonly stageFreeMs: Float64Array;
  private readonly step: StepShape = {
    tokens: 0,
    decodeSequences: 0,
    decodeContextTokens: 0,
    prefillAttentionMs: 0,
    sampledSequences: 0,
  };

  constructor(context: ReplicaContext) {
    this.context = context;
    const { requests, latency, limits, state } = context;
    const slots = Math.max(latency.stages, 1);
    let longest = 1;
    for (const tokens of requests.outputTokens) if (tokens > longest) longest = tokens;
    for (let slot = 0; slot < slots; slot++)
      this.groups.push(new DecodeGroup(longest, state.nextFinish, state.previousFinish));
    const capacity = Math.min(limits.maxSequences, requests.count);
    for (let i = 0; i < limits.batchesInFlight; i++) this.ring.push(new Batch(capacity));
    this.slotBusy = new Uint8Array(slots);
    this.stageFreeMs = new Float64Array(latency.stages);
    this.list = new RunningList(requests.count);
    this.waiting = new WaitingQueue(requests.count, requests.queuedMs);
  }

  /** Share of the KV cache in use, 0..1. */
  get kvUsage(): number {
    return this.usedBlocks / this.context.limits.blocks;
  }

  /** Requests on this replica: waiting for it or running. */
  get load(): number {
    return this.running + this.waiting.pending;
  }

  /** When something happens next: a batch ends or a request arrives for a free place; infinity when idle for good. */
  nextEventMs(): number {
    const endMs = this.inFlight > 0 ? this.headBatch().endMs : Number.POSITIVE_INFINITY;
    if (this.inFlight === this.context.limits.batchesInFlight) return endMs;
    return Math.min(endMs, Math.max(this.nowMs, this.waiting.nextArrivalMs));
  }

  /** Moves to the next event, publishes what ended, and composes what can start. */
  advance(toMs: number): void {
    const { recorder, latency } = this.context;
    const spanMs = toMs - this.nowMs;
    recorder.spend(spanMs, this.running, this.kvUsage);
    if (this.inFlight > 0) recorder.workedMs += spanMs * latency.stages;
    this.nowMs = toMs;
    this.waiting.look(toMs);
    if (this.inFlight > 0 && this.headBatch().endMs <= toMs) this.publish(this.headBatch());
    while (this.inFlight < this.context.limits.batchesInFlight && this.compose());
  }

  private headBatch(): Batch {
    return this.ring[this.head] as Batch;
  }

  /** A slot with sequences to decode if one is idle, else any idle slot; -1 when all are in flight. */
  private pickSlot(): number {
    if (this.groups.length === 1) return 0;
    let idle = NONE;
    for (let slot = 0; slot < this.groups.length; slot++) {
      if (this.slotBusy[slot] === 1) continue;
      if (this.group(slot).sequences > 0) return slot;
      if (idle === NONE) idle = slot;
    }
    return idle;
  }

  private group(slot: number): DecodeGroup {
    return this.groups[slot] as DecodeGroup;
  }

  private compose(): boolean {
    const slot = this.pickSlot();
    if (slot === NONE) return false;
    const group = this.group(slot);
    if (group.sequences === 0 && this.partial === NONE && this.waiting.peek(this.nowMs) === NONE)
      return false;
    const batch = this.ring[(this.head + this.inFlight) % this.ring.length] as Batch;
    batch.firstCount = 0;
    batch.finishingCount = 0;
    const preempted = this.takeDecodes(group);
    this.takePrefills(batch, slot, preempted);
    if (this.step.tokens === 0) return false;
    this.launch(batch, slot);
    return true;
  }

  /** Gives each decoding sequence its block, preempting the last admitted while blocks lack. True when it preempted. */
  private takeDecodes(group: DecodeGroup): boolean {
    const { limits } = this.context;
    let preempted = false;
    if (!limits.reservesOutput) {
      while (group.blocksNeeded > limits.blocks - this.usedBlocks) {
        this.preempt(this.list.last);
        preempted = true;
      }
      this.usedBlocks += group.blocksNeeded;
    }
    const { step } = this;
    step.tokens = group.sequences;
    step.decodeSequences = group.sequences;
    step.decodeContextTokens = group.contextTokens;
    step.sampledSequences = group.sequences;
    step.prefillAttentionMs = 0;
    return preempted;
  }

  private takePrefills(batch: Batch, slot: number, preempted: boolean): void {
    const { limits } = this.context;
    if (this.partial !== NONE) {
      const request = this.partial;
      if (this.fits(request, 0)) this.takeChunk(batch, slot, request);
      else {
        this.preempt(request);
        return;
      }
    }
    if (preempted) return;
    while (
      this.step.tokens < limits.tokenBudget &&
      this.partial === NONE &&
      this.running < limits.maxSequences
    ) {
      const request = this.waiting.peek(this.nowMs);
      if (request === NONE || !this.admit(request)) return;
      this.takeChunk(batch, slot, request);
    }
  }

  private admit(request: number): boolean {
    const { requests, state, recorder } = this.context;
    state.computedTokens[request] = requests.cachedTokens[request] ?? 0;
    if (!this.fits(request, this.context.limits.watermarkBlocks)) {
      state.computedTokens[request] = 0;
      return false;
    }
    this.waiting.shift();
    this.list.push(request);
    this.running++;
    if (this.running > recorder.maxRunning) recorder.maxRunning = this.running;
    if (Number.isNaN(requests.scheduledMs[request])) requests.scheduledMs[request] = this.nowMs;
    return true;
  }

  private chunkTokens(request: number): number {
    const { state, limits } = this.context;
    const rest = (state.promptTokens[request] ?? 0) - (state.computedTokens[request] ?? 0);
    return Math.min(rest, limits.tokenBudget - this.step.tokens);
  }

  /** Blocks that the request's next chunk adds. A cached prefix is held once for all, so it costs a request nothing. */
  private chunkBlocks(request: number): number {
    const { state, limits, requests } = this.context;
    const shared = requests.cachedTokens[request] ?? 0;
    const tokens = limits.reservesOutput
      ? (state.promptTokens[request] ?? 0) + (state.remainingTokens[request] ?? 0)
      : (state.computedTokens[request] ?? 0) + this.chunkTokens(request);
    return Math.ceil((tokens - shared) / BLOCK_TOKENS) - (state.blocks[request] ?? 0);
  }

  private fits(request: number, spare: number): boolean {
    return this.chunkBlocks(request) <= this.context.limits.blocks - this.usedBlocks - spare;
  }

  private takeChunk(batch: Batch, slot: number, request: number): void {
    const { state, latency } = this.context;
    const chunk = this.chunkTokens(request);
    if (chunk === 0) return;
    const blocks = this.chunkBlocks(request);
    const past = state.computedTokens[request] ?? 0;
    state.blocks[request] = (state.blocks[request] ?? 0) + blocks;
    this.usedBlocks += blocks;
    state.computedTokens[request] = past + chunk;
    this.step.tokens += chunk;
    this.step.prefillAttentionMs += latency.prefillAttentionMs(past, chunk);
    if (past + chunk < (state.promptTokens[request] ?? 0)) {
      this.partial = request;
      return;
    }
    this.partial = NONE;
    this.step.sampledSequences++;
    state.slot[request] = slot;
    batch.addFirst(request, state.epoch[request] ?? 0);
  }

  private launch(batch: Batch, slot: number): void {
    const { recorder, limits } = this.context;
    const group = this.group(slot);
    batch.slot = slot;
    batch.counter = group.counter;
    batch.decodes = group.sequences;
    this.retireFinishing(batch, group);
    group.advance();
    for (let i = 0; i < batch.firstCount; i++) this.startDecoding(batch, group, batch.firsts[i] ?? 0);
    this.slotBusy[slot] = 1;
    this.inFlight++;
    if (++recorder.steps > limits.maxSteps)
      throw new Error(`simulation makes no progress after ${limits.maxSteps} steps`);
    if (this.kvUsage > recorder.maxKvUsage) recorder.maxKvUsage = this.kvUsage;
    batch.endMs = this.runStages();
  }

  /** Takes those out of the group whose last token this batch computes; they keep their blocks until it ends. */
  private retireFinishing(batch: Batch, group: DecodeGroup): void {
    const { state, limits, requests } = this.context;
    for (let request = group.firstFinishing; request !== NONE; request = group.firstFinishing) {
      const prompt = state.promptTokens[request] ?? 0;
      group.leave(request, prompt, state.firstDecode[request] ?? 0, group.counter);
      this.list.remove(request);
      if (!limits.reservesOutput) {
        const cached =
          prompt + (state.remainingTokens[request] ?? 0) - 1 - (requests.cachedTokens[request] ?? 0);
        state.blocks[request] = Math.ceil(cached / BLOCK_TOKENS);
      }
      batch.addFinishing(request);
    }
  }

  /** After the group has advanced: the request decodes from the slot's next batch on. */
  private startDecoding(batch: Batch, group: DecodeGroup, request: number): void {
    const { state } = this.context;
    const decodes = (state.remainingTokens[request] ?? 0) - 1;
    state.firstDecode[request] = group.counter;
    if (decodes === 0) {
      this.list.remove(request);
      batch.addFinishing(request);
      return;
    }
    group.join(request, state.promptTokens[request] ?? 0, group.counter, group.counter + decodes - 1);
  }

  /** Sends the step through the stages, each of which works on one batch at a time; returns when the last ends. */
  private runStages(): number {
    const { latency, recorder } = this.context;
    let readyMs = this.nowMs;
    let busyMs = 0;
    for (let stage = 0; stage < latency.stages; stage++) {
      const durationMs = latency.stageMs(stage, this.step);
      if (!(durationMs > 0 && durationMs < Number.POSITIVE_INFINITY))
        throw new Error(`step time of stage ${stage} is ${durationMs} ms: the clock would stand still`);
      readyMs = Math.max(readyMs, this.stageFreeMs[stage] ?? 0) + durationMs;
      this.stageFreeMs[stage] = readyMs;
      busyMs += durationMs;
    }
    recorder.busyAllMs += busyMs;
    if (recorder.open) recorder.busyMs += busyMs;
    return readyMs;
  }

  /** Publishes the tokens of the oldest batch in flight and frees what ended with it. */
  private publish(batch: Batch): void {
    const { recorder, state } = this.context;
    const group = this.group(batch.slot);
    const gapMs = batch.endMs - group.endedMs;
    if (recorder.open) {
      if (batch.decodes > 0) recorder.gaps.add(gapMs, batch.decodes);
      recorder.tokens += batch.decodes;
    }
    this.servedTokens += batch.decodes;
    group.ended = batch.counter;
    group.endedMs = batch.endMs;
    this.slotBusy[batch.slot] = 0;
    this.head = (this.head + 1) % this.ring.length;
    this.inFlight--;
    for (let i = 0; i < batch.firstCount; i++) {
      const request = batch.firsts[i] ?? 0;
      if (state.epoch[request] === batch.firstEpochs[i]) this.publishFirst(request);
    }
    for (let i = 0; i < batch.finishingCount; i++) this.finish(batch.finishing[i] ?? 0);
  }

  private publishFirst(request: number): void {
    const { requests, recorder, state } = this.context;
    this.servedTokens++;
    if (recorder.open) recorder.tokens++;
    if (Number.isNaN(requests.firstTokenMs[request])) requests.firstTokenMs[request] = this.nowMs;
    else if (recorder.open) recorder.gaps.add(this.nowMs - (state.lastTokenMs[request] ?? 0), 1);
  }

  private finish(request: number): void {
    const { requests, recorder, state, onDone } = this.context;
    requests.doneMs[request] = this.nowMs;
    this.usedBlocks -= state.blocks[request] ?? 0;
    state.blocks[request] = 0;
    this.running--;
    if (recorder.open) recorder.completions++;
    onDone(request, this.nowMs);
  }

  /** Takes the request's blocks away and puts it to the front of the queue; prompt and tokens so far are recomputed. */
  private preempt(request: number): void {
    const { state, recorder } = this.context;
    const prompt = state.promptTokens[request] ?? 0;
    if (request === this.partial) this.partial = NONE;
    else {
      const group = this.group(state.slot[request] ?? 0);
      const first = state.firstDecode[request] ?? 0;
      const last = first + (state.remainingTokens[request] ?? 0) - 2;
      const shared = this.context.requests.cachedTokens[request] ?? 0;
      state.blocks[request] = Math.ceil((prompt + group.counter - first - shared) / BLOCK_TOKENS);
      group.leave(request, prompt, first, last);
      this.keepPublished(request, group.ended - first + 2, group.endedMs);
    }
    this.usedBlocks -= state.blocks[request] ?? 0;
    state.blocks[request] = 0;
    state.computedTokens[request] = 0;
    state.epoch[request] = (state.epoch[request] ?? 0) + 1;
    this.list.remove(request);
    this.running--;
    recorder.preemptions++;
    this.waiting.pushFront(request);
  }

  /** Tokens already out become part of the prompt to recompute; one still in flight is lost. */
  private keepPublished(request: number, published: number, publishedMs: number): void {
    if (published <= 0) return;
    const { state } = this.context;
    state.promptTokens[request] = (state.promptTokens[request] ?? 0) + published;
    state.remainingTokens[request] = (state.remainingTokens[request] ?? 0) - published;
    state.lastTokenMs[request] = publishedMs;
  }
}
