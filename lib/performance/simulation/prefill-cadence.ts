import type { StepShape } from "../types";
import type { RunningList } from "./running-list";

/**
 * vLLM's `--prefill-schedule-interval`: prompts are held back until so many steps have passed since the last one that
 * computed prompt tokens, so that running sequences decode in longer stretches. Not while nobody decodes, and not once a
 * step has left requests waiting that it might have taken.
 * Source: `local_prefill_interval` in vllm/v1/core/sched/scheduler.py of 0.33; for ranks that step together
 * `_should_throttle_prefills` in vllm/v1/engine/core.py.
 */
export class PrefillCadence {
  private executed = 0;
  private lastPrefill: number;
  private hasQueue = false;
  private readonly interval: number;

  constructor(interval: number) {
    this.interval = interval;
    this.lastPrefill = -interval;
  }

  /** Has the next step to leave prompts out? Ranks that step together count the turns that they share. */
  defers({ count, partial }: RunningList, sharedTurn: number | undefined): boolean {
    if (this.interval === 1 || this.hasQueue) return false;
    const decodes = count - (partial === undefined ? 0 : 1);
    if (decodes === 0) return false;
    if (sharedTurn !== undefined) return sharedTurn % this.interval !== 0;
    return this.executed + 1 - this.lastPrefill < this.interval;
  }

  /** The waiting requests were looked at, and so many are left. */
  looked(deferred: boolean, waiting: number): void {
    if (!deferred) this.hasQueue = waiting > 0;
  }

  /** A step was composed, or an empty one. */
  composed({ tokens, decodeSequences }: StepShape): void {
    if (tokens > 0) this.executed++;
    if (tokens > decodeSequences) this.lastPrefill = this.executed;
  }
}
