import type { TrafficInput } from "../types";
import type { Fleet } from "./fleet";
import type { Recorder } from "./recorder";

/** Samples of the queue over the time in which requests arrive; enough to see a trend, few enough to cost nothing. */
const QUEUE_SAMPLES = 256;
/** Beyond this many seconds the timeline keeps every second sample, then every fourth, and so on. */
const MAX_TIMELINE = 4096;

export interface TimelineSample {
  readonly second: number;
  readonly running: number;
  readonly waiting: number;
  readonly kvUsage: number;
}

/**
 * Looks at the fleet between events: opens and closes the steady window, samples the queue for the trend that tells
 * stable from unstable, and records the timeline.
 */
export class Watch {
  /** Waiting requests of open traffic over the time in which they arrive. */
  readonly queueSamples: number[] = [];
  private samples: TimelineSample[] = [];
  private everySeconds = 1;
  private nextTimelineMs = 0;
  private nextQueueMs = 0;
  private readonly kind: "closed" | "offline" | "open";

  private readonly traffic: TrafficInput;
  private readonly recorder: Recorder;
  /** First request after the warm-up. */
  readonly firstSteady: number;
  private readonly sentMs: Float64Array;

  constructor(traffic: TrafficInput, recorder: Recorder, firstSteady: number, sentMs: Float64Array) {
    this.traffic = traffic;
    this.recorder = recorder;
    this.firstSteady = firstSteady;
    this.sentMs = sentMs;
    const { kind } = traffic.arrivals;
    this.kind = kind === "closed" || kind === "offline" ? kind : "open";
  }

  get timeline(): readonly TimelineSample[] {
    return this.samples;
  }

  /** The last instant at which a request of open traffic arrives. */
  private get lastSentMs(): number {
    return this.sentMs[this.sentMs.length - 1];
  }

  /** No look at the fleet before then changes anything, as long as nothing is sent, admitted or done. */
  nextLookMs = 0;
  /** Length of the queue of open traffic when it was last sampled. */
  lastWaiting = 0;

  /** Called before every event, so the common case is one comparison. */
  sample(nowMs: number, fleet: Fleet): void {
    if (this.kind === "open") {
      if (nowMs < this.nextLookMs) return;
      if (nowMs >= this.sentMs[this.firstSteady]) this.recorder.start(nowMs);
      if (nowMs > this.lastSentMs) this.recorder.stop(nowMs);
    } else this.moveWindow(nowMs, fleet);
    if (nowMs >= this.nextTimelineMs) this.sampleTimeline(nowMs, fleet);
    if (nowMs >= this.nextQueueMs) this.sampleQueue(nowMs, fleet);
    this.nextLookMs = Math.min(this.nextTimelineMs, this.nextQueueMs);
  }

  private moveWindow(nowMs: number, fleet: Fleet): void {
    if (this.kind === "closed") {
      if (fleet.sent > this.firstSteady) this.recorder.start(nowMs);
      if (fleet.sent === this.traffic.requests) this.recorder.stop(nowMs);
      return;
    }
    if (fleet.done > 0) this.recorder.start(nowMs);
    if (this.recorder.open && fleet.waiting() === 0) this.recorder.stop(nowMs);
  }

  private sampleTimeline(nowMs: number, fleet: Fleet): void {
    let kvUsage = 0;
    for (const replica of fleet.replicas) kvUsage = Math.max(kvUsage, replica.kvUsage);
    const second = Math.floor(nowMs / 1000);
    this.samples.push({ second, running: fleet.running(), waiting: fleet.waiting(), kvUsage });
    if (this.samples.length > MAX_TIMELINE) {
      this.samples = this.samples.filter((_, index) => index % 2 === 0);
      this.everySeconds *= 2;
    }
    this.nextTimelineMs = (second + this.everySeconds) * 1000;
  }

  private sampleQueue(nowMs: number, fleet: Fleet): void {
    if (this.kind !== "open" || nowMs > this.lastSentMs) {
      this.nextQueueMs = Number.POSITIVE_INFINITY;
      return;
    }
    const waiting = fleet.waiting();
    this.lastWaiting = waiting;
    this.queueSamples.push(waiting);
    this.nextQueueMs = nowMs + this.lastSentMs / QUEUE_SAMPLES;
  }
}
