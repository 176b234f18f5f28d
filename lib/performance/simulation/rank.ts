import { Batch } from "./batch";
import type { KvPool } from "./kv-pool";
import type { ReplicaContext } from "./replica-context";
import type { RunningList } from "./running-list";
import { Scheduler } from "./scheduler";
import type { Sequence } from "./sequence";
import type { WaitingQueue } from "./waiting-queue";

/** One engine core: a scheduler, its queue of batches in flight, and what comes of them. When they run is for others to say. */
export class Rank {
  nowMs = 0;
  servedTokens = 0;
  protected inFlight = 0;
  /** Calls of the scheduler: a sequence decodes in every call that is a multiple of the stages after its last. */
  protected turn = 0;
  protected readonly scheduler: Scheduler;
  protected readonly queue: WaitingQueue;
  protected readonly context: ReplicaContext;
  protected readonly ring: Batch[] = [];
  private head = 0;
  /** Batches that were not empty: composed, and ended. */
  private composed = 0;
  private ended = 0;
  private readonly list: RunningList;
  private readonly pool: KvPool;

  constructor(context: ReplicaContext) {
    this.context = context;
    const { latency, limits } = context;
    for (let i = 0; i < limits.batchesInFlight; i++) this.ring.push(new Batch());
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

  /** Requests on this rank: waiting for it or running. */
  get load(): number {
    return this.running + this.queue.pending;
  }

  /** Adds a request that reaches the scheduler at its `queuedMs`. */
  receive(sequence: Sequence): void {
    this.queue.push(sequence);
  }

  get hasRequests(): boolean {
    return this.running > 0 || this.queue.waiting > 0;
  }

  protected get oldest(): Batch {
    return this.ring[this.head];
  }

  /** The batch in flight that many places after the oldest. */
  protected inFlightAt(place: number): Batch {
    return this.ring[(this.head + place) % this.ring.length];
  }

  /** Forgets what is in flight for requests that are done: a step too many, or empty batches. */
  protected dropInFlight(): void {
    this.inFlight = 0;
    this.ended = this.composed;
    for (const group of this.scheduler.groups) group.ended = group.counter - 1;
  }

  /** Moves the clock; what has run and waited until then goes into the record. */
  protected moveTo(nowMs: number): void {
    this.context.recorder.spend(nowMs - this.nowMs, this.running, this.kvUsage);
    this.nowMs = nowMs;
  }

  /** Takes the next place in the queue of batches for one of the slot; false when the scheduler had nothing for it. */
  protected compose(batch: Batch, slot: number): boolean {
    if (!this.scheduler.compose(batch, slot, this.nowMs, this.composed, this.ended - 1)) return false;
    this.took();
    return true;
  }

  /** The same for a batch of which the scheduler knows that it only decodes. */
  protected composeDecodes(batch: Batch, slot: number): void {
    this.scheduler.composeDecodes(batch, slot, this.composed);
    this.took();
  }

  /** A batch that is not empty has taken its place in the queue. */
  private took(): void {
    const { recorder, limits } = this.context;
    this.inFlight++;
    this.composed++;
    if (++recorder.steps > limits.maxSteps)
      throw new Error(`simulation makes no progress after ${limits.maxSteps} steps`);
    if (this.kvUsage > recorder.maxKvUsage) recorder.maxKvUsage = this.kvUsage;
  }

  /** The batch that is composed next. */
  protected get next(): Batch {
    return this.ring[(this.head + this.inFlight) % this.ring.length];
  }

  /** Publishes the tokens of the oldest batch in flight and frees what ended with it. */
  protected publish(batch: Batch): void {
    if (batch.slot < 0) {
      this.take();
      return;
    }
    this.publishDecodes(batch);
    for (let i = 0; i < batch.firstCount; i++)
      if (batch.firsts[i].epoch === batch.firstEpochs[i]) this.publishFirst(batch.firsts[i]);
    for (let i = 0; i < batch.finishingCount; i++) this.finish(batch.finishing[i]);
  }

  /** Takes the oldest batch in flight out of the queue. */
  private take(): void {
    this.head = (this.head + 1) % this.ring.length;
    this.inFlight--;
  }

  /** Publishes those of its tokens that continue a sequence. */
  protected publishDecodes(batch: Batch): void {
    this.take();
    const { recorder } = this.context;
    const group = this.scheduler.groups[batch.slot];
    const decodes = batch.decodes - group.lost;
    const tokens = batch.tokens - group.lost;
    group.lost = 0;
    this.ended++;
    if (recorder.open) {
      if (decodes > 0) recorder.gaps.add(batch.endMs - group.endedMs, decodes);
      recorder.tokens += tokens;
    }
    this.servedTokens += tokens;
    group.ended = batch.counter;
    group.endedMs = batch.endMs;
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
    onDone(sequence, this.nowMs);
  }
}

/** Time of a step on a stage, checked: without it the clock would stand still. */
export function checkedMs(durationMs: number, stage: number): number {
  if (durationMs > 0 && durationMs < Number.POSITIVE_INFINITY) return durationMs;
  throw new Error(`step time of stage ${stage} is ${durationMs} ms: the clock would stand still`);
}
