import { Batch } from "./batch";
import type { DecodeGroup } from "./decode-group";
import type { KvPool } from "./kv-pool";
import type { ReplicaContext } from "./replica-context";
import type { RunningList } from "./running-list";
import { Scheduler } from "./scheduler";
import type { Sequence } from "./sequence";
import type { WaitingQueue } from "./waiting-queue";

/**
 * One replica as vLLM's engine core runs it: the scheduler composes batches until as many are queued as may be in
 * flight, empty ones included, then the oldest is waited for; its tokens are published and the next is composed.
 * Source: `step_with_batch_queue` in vllm/v1/engine/core.py of 0.33. Pipelines of engines that do not compose ahead take
 * any idle slot as soon as somebody waits.
 */
export class Replica {
  nowMs = 0;
  servedTokens = 0;
  private readonly scheduler: Scheduler;
  private readonly queue: WaitingQueue;
  private readonly list: RunningList;
  private readonly pool: KvPool;
  private inFlight = 0;
  private head = 0;
  /** Batches that were not empty: composed, and ended. */
  private composed = 0;
  private ended = 0;
  /** Calls of the scheduler: a sequence decodes in every call that is a multiple of the stages after its last. */
  private turn = 0;
  private lastEndMs = 0;
  /** Empty batches are queued as well, and arrivals wait for the oldest batch: how vLLM fills its queue. */
  private readonly isQueueing: boolean;
  private readonly context: ReplicaContext;
  private readonly ring: Batch[] = [];
  private readonly stageFreeMs: Float64Array;

  constructor(context: ReplicaContext) {
    this.context = context;
    const { latency, limits } = context;
    for (let i = 0; i < limits.batchesInFlight; i++) this.ring.push(new Batch());
    this.isQueueing = latency.stages === 1 || limits.batchesInFlight > latency.stages;
    this.stageFreeMs = new Float64Array(latency.stages);
    this.scheduler = new Scheduler(context, latency.stages);
    this.queue = this.scheduler.waiting;
    this.list = this.scheduler.running;
    this.pool = this.scheduler.holdings.pool;
  }

  get running(): number {
    return this.list.count;
  }

  /** Requests that wait: seen by the scheduler and not admitted. */
  get waiting(): number {
    return this.queue.waiting;
  }

  /** Share of the KV cache in use, 0..1. */
  get kvUsage(): number {
    return this.pool.used / this.context.limits.blocks;
  }

  /** Requests on this replica: waiting for it or running. */
  get load(): number {
    return this.running + this.queue.pending;
  }

  /** Adds a request that reaches the scheduler at its `queuedMs`. */
  receive(sequence: Sequence): void {
    this.queue.push(sequence);
  }

  /** When something happens next: the oldest batch ends or a request arrives; infinity when idle for good. */
  nextEventMs(): number {
    const { nextArrivalMs } = this.queue;
    if (this.inFlight === 0) return Math.max(this.nowMs, nextArrivalMs);
    const endMs = Math.max(this.nowMs, this.headBatch().endMs);
    const waitsForHead = this.isQueueing || this.inFlight === this.ring.length;
    return waitsForHead ? endMs : Math.min(endMs, Math.max(this.nowMs, nextArrivalMs));
  }

  /** Moves to the next event, publishes what ended, and composes what can start. */
  advance(toMs: number): void {
    const { recorder, latency, limits } = this.context;
    const spanMs = toMs - this.nowMs;
    recorder.spend(spanMs, this.running, this.kvUsage);
    if (this.inFlight > 0) recorder.workedMs += spanMs * latency.stages;
    this.nowMs = toMs;
    if (this.inFlight > 0 && this.headBatch().endMs <= toMs) this.publish(this.headBatch());
    this.queue.look(toMs);
    while (this.inFlight < limits.batchesInFlight && this.hasRequests) if (!this.compose()) break;
    if (!this.hasRequests) this.inFlight = 0; // only empty batches are left
  }

  private get hasRequests(): boolean {
    return this.running > 0 || this.queue.waiting > 0;
  }

  private headBatch(): Batch {
    return this.ring[this.head];
  }

  /** A slot with sequences to decode if one is idle, else any idle slot; -1 when all are in flight. */
  private pickIdleSlot(): number {
    let idle = -1;
    for (let slot = 0; slot < this.scheduler.groups.length; slot++) {
      const group = this.scheduler.groups[slot];
      if (group.isInFlight) continue;
      if (group.sequences > 0) return slot;
      if (idle < 0) idle = slot;
    }
    return idle;
  }

  /** Composes the next batch; false when there is none to queue. */
  private compose(): boolean {
    const slot = this.isQueueing ? this.turn++ % this.context.latency.stages : this.pickIdleSlot();
    if (slot < 0) return false;
    const batch = this.ring[(this.head + this.inFlight) % this.ring.length];
    if (this.scheduler.compose(batch, slot, this.nowMs, this.composed, this.ended - 1)) {
      this.inFlight++;
      this.launch(batch, this.scheduler.groups[slot]);
      return true;
    }
    if (!this.isQueueing) return false;
    this.inFlight++;
    batch.slot = -1;
    batch.endMs = Math.max(this.nowMs, this.lastEndMs);
    return true;
  }

  private launch(batch: Batch, group: DecodeGroup): void {
    const { latency, limits, recorder } = this.context;
    this.composed++;
    if (++recorder.steps > limits.maxSteps)
      throw new Error(`simulation makes no progress after ${limits.maxSteps} steps`);
    if (this.kvUsage > recorder.maxKvUsage) recorder.maxKvUsage = this.kvUsage;
    // a sequence may be queued while its last token is computed, and then waits for it
    const waitsForToken = latency.stages > 1 && this.scheduler.step.decodeSequences > 0;
    batch.endMs = this.runStages(waitsForToken ? group.lastEndMs : 0);
    group.lastEndMs = batch.endMs;
    this.lastEndMs = batch.endMs;
  }

  /** Sends the step through the stages, each of which works on one batch at a time; returns when the last ends. */
  private runStages(afterMs: number): number {
    const { latency, recorder } = this.context;
    let readyMs = Math.max(this.nowMs, afterMs);
    let busyMs = 0;
    for (let stage = 0; stage < latency.stages; stage++) {
      const durationMs = latency.stageMs(stage, this.scheduler.step);
      if (!(durationMs > 0 && durationMs < Number.POSITIVE_INFINITY))
        throw new Error(`step time of stage ${stage} is ${durationMs} ms: the clock would stand still`);
      readyMs = Math.max(readyMs, this.stageFreeMs[stage]) + durationMs;
      this.stageFreeMs[stage] = readyMs;
      busyMs += durationMs;
    }
    recorder.busyAllMs += busyMs;
    if (recorder.open) recorder.busyMs += busyMs;
    return readyMs;
  }

  /** Publishes the tokens of the oldest batch in flight and frees what ended with it. */
  private publish(batch: Batch): void {
    this.head = (this.head + 1) % this.ring.length;
    this.inFlight--;
    if (batch.slot < 0) return;
    const { recorder } = this.context;
    const group = this.scheduler.groups[batch.slot];
    const decodes = batch.decodes - group.lost;
    group.lost = 0;
    this.ended++;
    if (recorder.open) {
      if (decodes > 0) recorder.gaps.add(batch.endMs - group.endedMs, decodes);
      recorder.tokens += decodes;
    }
    this.servedTokens += decodes;
    group.ended = batch.counter;
    group.endedMs = batch.endMs;
    for (let i = 0; i < batch.firstCount; i++)
      if (batch.firsts[i].epoch === batch.firstEpochs[i]) this.publishFirst(batch.firsts[i]);
    for (let i = 0; i < batch.finishingCount; i++) this.finish(batch.finishing[i]);
  }

  private publishFirst(sequence: Sequence): void {
    const { requests, recorder } = this.context;
    const { row } = sequence;
    this.servedTokens++;
    if (recorder.open) recorder.tokens++;
    if (Number.isNaN(requests.firstTokenMs[row])) requests.firstTokenMs[row] = this.nowMs;
    else if (recorder.open) recorder.gaps.add(this.nowMs - sequence.lastTokenMs, 1);
    sequence.lastTokenMs = this.nowMs;
  }

  private finish(sequence: Sequence): void {
    const { requests, recorder, onDone } = this.context;
    requests.doneMs[sequence.row] = this.nowMs;
    this.scheduler.finish(sequence);
    if (recorder.open) recorder.completions++;
    onDone(this.nowMs);
  }
}
