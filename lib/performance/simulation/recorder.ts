import { GapHistogram } from "./gap-histogram";

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
