import { GapHistogram } from "./gap-histogram";
import { TimeHistogram } from "./time-histogram";

/** Parts of the KV cache that usage is told apart by. */
const KV_STEPS = 2048;

/** What the replicas report while they run; `open` limits the steady figures to the time after the warm-up. */
export class Recorder {
  readonly gaps = new GapHistogram();
  open = false;
  openedMs = Number.NaN;
  closedMs = Number.NaN;
  tokens = 0;
  completions = 0;
  /** Busy ms summed over all stages of all replicas, inside the window and in all. */
  busyMs = 0;
  busyAllMs = 0;
  /** Time that pipelines had work, times their stages. */
  workedMs = 0;
  /** Integral of running sequences over time (sequence ms), inside the window and in all. */
  runningMs = 0;
  runningAllMs = 0;
  steps = 0;
  preemptions = 0;
  maxRunning = 0;
  maxKvUsage = 0;
  /** Time that replicas spend at each number of running sequences, and at each share of their cache, in the window. */
  readonly runningTime: TimeHistogram;
  readonly kvTime = new TimeHistogram(KV_STEPS);

  constructor(maxSequences: number) {
    this.runningTime = new TimeHistogram(maxSequences);
  }

  /** Adds time that one replica has spent with `running` sequences and `kvUsage` of its cache in use. */
  spend(spanMs: number, running: number, kvUsage: number): void {
    this.runningAllMs += spanMs * running;
    if (!this.open) return;
    this.runningMs += spanMs * running;
    this.runningTime.add(running, spanMs);
    this.kvTime.add(Math.ceil(kvUsage * KV_STEPS), spanMs);
  }

  /** Share of the cache of a replica that is in use at most for `share` of the time, 0..1. */
  kvUsageAt(share: number): number {
    return this.kvTime.at(share) / KV_STEPS;
  }

  start(nowMs: number): void {
    if (Number.isNaN(this.openedMs)) {
      this.open = true;
      this.openedMs = nowMs;
    }
  }

  stop(nowMs: number): void {
    if (this.open) {
      this.open = false;
      this.closedMs = nowMs;
    }
  }
}
