import type { Batch } from "./batch";
import type { DecodeGroup } from "./decode-group";
import { checkedMs, Rank } from "./rank";
import type { ReplicaContext } from "./replica-context";

/** Empty batches in a row beyond which the clock stands still. */
const MOST_EMPTY = 100_000;

/**
 * One replica as vLLM's engine core runs it: the scheduler composes batches until as many are queued as may be in
 * flight, empty ones included, then the oldest is waited for; its tokens are published and the next is composed.
 * Source: `step_with_batch_queue` in vllm/v1/engine/core.py of 0.33. Pipelines of engines that do not compose ahead take
 * any idle slot as soon as somebody waits.
 */
export class Replica extends Rank {
  private lastEndMs = 0;
  /** Since the last one that was not empty. */
  private emptyBatches = 0;
  /** Empty batches are queued as well, and arrivals wait for the oldest batch: how vLLM fills its queue. */
  private readonly isQueueing: boolean;
  private readonly stageFreeMs: Float64Array;

  constructor(context: ReplicaContext) {
    super(context);
    const { latency, limits } = context;
    this.isQueueing = latency.stages === 1 || limits.batchesInFlight > latency.stages;
    this.stageFreeMs = new Float64Array(latency.stages);
  }

  /** When something happens next: the oldest batch ends or a request arrives; infinity when idle for good. */
  nextEventMs(): number {
    const { nextArrivalMs } = this.queue;
    if (this.inFlight === 0) return Math.max(this.nowMs, nextArrivalMs);
    const endMs = Math.max(this.nowMs, this.oldest.endMs);
    const waitsForOldest = this.isQueueing || this.inFlight === this.ring.length;
    return waitsForOldest ? endMs : Math.min(endMs, Math.max(this.nowMs, nextArrivalMs));
  }

  /**
   * Moves to the next event, publishes what ended, and composes what can start. Steps that only decode follow each other
   * at once, up to `untilMs`, when somebody looks at the fleet or sends to it.
   */
  advance(toMs: number, untilMs: number): void {
    if (this.decodeOn(untilMs)) return;
    const { recorder, latency, limits } = this.context;
    if (this.inFlight > 0) recorder.workedMs += (toMs - this.nowMs) * latency.stages;
    this.moveTo(toMs);
    if (this.inFlight > 0 && this.oldest.endMs <= toMs) this.publish(this.oldest);
    this.queue.look(toMs);
    while (this.inFlight < limits.batchesInFlight && this.hasRequests) if (!this.composeNext()) break;
    if (!this.hasRequests) this.dropInFlight();
  }

  /**
   * Takes the steps before `untilMs` from which nothing but decoding comes: most steps of a run, and what they change is
   * little. False when the next one is not of that kind.
   */
  private decodeOn(untilMs: number): boolean {
    const { latency, limits, recorder } = this.context;
    const { scheduler, queue } = this;
    if (!this.isQueueing || limits.prefillInterval > 1 || this.inFlight < limits.batchesInFlight)
      return false;
    if (scheduler.running.partial !== undefined) return false;
    if (queue.waiting > 0 && this.running < limits.maxSequences) return false;
    const endMs = Math.min(untilMs, queue.nextArrivalMs);
    for (let steps = 0; ; steps++) {
      const toMs = Math.max(this.nowMs, this.oldest.endMs);
      const slot = this.turn % latency.stages;
      if (!(toMs < endMs) || !this.oldest.onlyDecodes || !scheduler.onlyDecodes(slot)) return steps > 0;
      recorder.workedMs += (toMs - this.nowMs) * latency.stages;
      this.moveTo(toMs);
      this.publishDecodes(this.oldest);
      this.turn++;
      const batch = this.next;
      this.composeDecodes(batch, slot);
      this.run(batch, slot);
    }
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
  private composeNext(): boolean {
    const slot = this.isQueueing ? this.turn++ % this.context.latency.stages : this.pickIdleSlot();
    if (slot < 0) return false;
    const batch = this.next;
    if (this.compose(batch, slot)) {
      this.run(batch, slot);
      this.emptyBatches = 0;
      return true;
    }
    if (!this.isQueueing) return false;
    if (++this.emptyBatches > MOST_EMPTY) throw new Error("simulation makes no progress: nobody is admitted");
    this.inFlight++;
    batch.slot = -1;
    batch.endMs = Math.max(this.nowMs, this.lastEndMs);
    return true;
  }

  private run(batch: Batch, slot: number): void {
    const group = this.scheduler.groups[slot];
    batch.endMs = this.runStages(this.waitsUntilMs(group));
    group.lastEndMs = batch.endMs;
    this.lastEndMs = batch.endMs;
  }

  /** A sequence may be queued while its last token is computed, and then waits for it. */
  private waitsUntilMs(group: DecodeGroup): number {
    const waitsForToken = this.context.latency.stages > 1 && this.scheduler.step.decodeSequences > 0;
    return waitsForToken ? group.lastEndMs : 0;
  }

  /** Sends the step through the stages, each of which works on one batch at a time; returns when the last ends. */
  private runStages(afterMs: number): number {
    const { latency, recorder } = this.context;
    let readyMs = Math.max(this.nowMs, afterMs);
    let busyMs = 0;
    for (let stage = 0; stage < latency.stages; stage++) {
      const durationMs = checkedMs(latency.stageMs(stage, this.scheduler.step), stage);
      readyMs = Math.max(readyMs, this.stageFreeMs[stage]) + durationMs;
      this.stageFreeMs[stage] = readyMs;
      busyMs += durationMs;
    }
    recorder.busyAllMs += busyMs;
    if (recorder.open) recorder.busyMs += busyMs;
    return readyMs;
  }
}
