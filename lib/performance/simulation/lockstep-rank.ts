import { type Batch, copyStep } from "./batch";
import type { DecodeGroup } from "./decode-group";
import { Rank } from "./rank";

/** What a rank's engine loop is at. */
export type LoopState =
  /** About to begin a turn of the loop. */
  | "turn"
  /** Blocked until its oldest batch is out. */
  | "batch"
  /** Blocked until every rank has launched the dummy's round. */
  | "dummy"
  /** Blocked until every rank has ended its turn. */
  | "sync"
  | "stopped";

/** What a rank tells of itself for the balancing. */
export interface Load {
  waiting: number;
  running: number;
  kvUsage: number;
}

/** vLLM asks every so many turns whether any rank still has requests (`dp_sync_interval` in vllm/config/parallel.py). */
const SYNC_INTERVAL = 16;

/**
 * One data-parallel rank of a mixture of experts, as the loop of its engine core runs (`DPEngineCoreProc.run_busy_loop` in
 * vllm/v1/engine/core.py of 0.33): each turn launches one forward pass, of a batch or, when it has none, of a dummy.
 */
export class LockstepRank extends Rank {
  state: LoopState = "stopped";
  /** When the rank goes on; infinity while that hangs on other ranks. */
  dueMs = Number.POSITIVE_INFINITY;
  /** Forward passes launched so far. */
  issued = 0;
  /** As told last: before and after each step, when the number of requests has changed. */
  readonly told: Load = { waiting: 0, running: 0, kvUsage: 0 };
  private turns = 0;
  private executed = false;

  /** Next arrival at this rank. */
  get nextArrivalMs(): number {
    return Math.max(this.nowMs, this.queue.nextArrivalMs);
  }

  /** The round whose end the rank waits for. */
  get awaitedRound(): number {
    return this.oldest.round;
  }

  /** The batch that this rank computes in a round; none when it computes a dummy. */
  batchOf(round: number): Batch | undefined {
    for (let i = 0; i < this.inFlight; i++) {
      const batch = this.inFlightAt(i);
      if (batch.round === round && batch.slot >= 0) return batch;
    }
    return undefined;
  }

  /** When the sequences of a batch have the token that they continue from. */
  readyMs(batch: Batch): number {
    if (this.context.latency.stages === 1 || batch.step.decodeSequences === 0) return 0;
    return this.groupOf(batch).lastEndMs;
  }

  /** The round ends then. */
  setEnd(round: number, endMs: number): void {
    const batch = this.batchOf(round);
    if (batch === undefined) return;
    batch.endMs = endMs;
    this.groupOf(batch).lastEndMs = endMs;
  }

  begin(nowMs: number): void {
    this.moveTo(nowMs);
    this.turns = 0;
    this.goOn(nowMs);
  }

  stop(nowMs: number): void {
    this.moveTo(nowMs);
    this.state = "stopped";
    this.dueMs = Number.POSITIVE_INFINITY;
  }

  /** Starts the next turn then. */
  goOn(nowMs: number): void {
    this.state = "turn";
    this.dueMs = nowMs;
  }

  /** Goes on from where it was blocked, or begins a turn. Returns whether it launched a forward pass. */
  act(nowMs: number): boolean {
    this.context.recorder.workedMs += (nowMs - this.nowMs) * this.context.latency.stages;
    this.moveTo(nowMs);
    const before = this.issued;
    if (this.state === "turn") this.beginTurn();
    else if (this.state === "dummy") this.endTurn();
    else {
      this.publish(this.oldest);
      this.afterStep();
    }
    return this.issued > before;
  }

  private beginTurn(): void {
    this.queue.look(this.nowMs);
    this.tell();
    const mayFill = this.hasRequests;
    this.executed = mayFill && this.composeNext();
    if (mayFill && this.inFlight < this.ring.length) this.afterStep();
    else if (this.inFlight === 0) this.afterStep();
    else this.block("batch");
  }

  private tell(): void {
    const { told, waiting, running } = this;
    if (told.waiting === waiting && told.running === running) return;
    told.waiting = waiting;
    told.running = running;
    told.kvUsage = this.kvUsage;
  }

  private afterStep(): void {
    this.tell();
    if (this.executed) this.endTurn();
    else {
      this.issued++;
      this.block("dummy");
    }
  }

  private endTurn(): void {
    this.turns++;
    if (this.turns === 1 || this.turns % SYNC_INTERVAL === 0) this.block("sync");
    else this.goOn(this.nowMs);
  }

  private block(state: LoopState): void {
    this.state = state;
    this.dueMs = Number.POSITIVE_INFINITY;
  }

  /** Composes a batch; false when it is empty, which takes a place in the queue all the same. */
  private composeNext(): boolean {
    const batch = this.next;
    this.scheduler.sharedTurn = this.turns;
    if (this.compose(batch, this.turn++ % this.context.latency.stages)) {
      copyStep(this.scheduler.step, batch.step);
      batch.round = this.issued++;
      return true;
    }
    this.inFlight++;
    batch.slot = -1;
    batch.round = this.issued - 1; // it is out with what was launched before it
    return false;
  }

  private groupOf(batch: Batch): DecodeGroup {
    return this.scheduler.groups[batch.slot];
  }
}
