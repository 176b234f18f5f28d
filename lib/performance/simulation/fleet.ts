import type { SimulationInput } from "../types";
import { type Balancer, LoadBalancer } from "./balancer";
import { EngineBalancer } from "./engine-balancer";
import { Lockstep } from "./lockstep";
import type { Rank } from "./rank";
import type { Recorder } from "./recorder";
import { Replica } from "./replica";
import type { ReplicaLimits } from "./replica-context";
import type { RequestTable } from "./request-table";
import { type Sequence, sequencesOf } from "./sequence";

/** Times outside the GPU that a client and the API server add, in ms. */
export interface HostTimes {
  /** From the client's send to the scheduler's queue: HTTP, tokenisation, validation. */
  readonly requestInMs: number;
  /** Closed loop only: from a request's last token to the client's next send. */
  readonly turnaroundMs: number;
}

export interface FleetInput {
  readonly input: SimulationInput;
  readonly limits: ReplicaLimits;
  readonly requests: RequestTable;
  readonly recorder: Recorder;
  readonly hostTimes: HostTimes;
  /** Called before each event that is not one of many that only decode, with its time; true gives the run up. */
  readonly onTime: (nowMs: number) => boolean;
  /** Events from then on are not passed over; absent: none is. */
  readonly nextLookMs?: () => number;
}

/** What runs by itself: a replica, or ranks that step together. */
interface Engine {
  nextEventMs(): number;
  /** Moves to the next event, and may go on with its own ones before `untilMs`. */
  advance(toMs: number, untilMs: number): void;
}

/** The replicas, the balancer in front of them, and the client of a closed loop. */
export class Fleet {
  readonly replicas: readonly Rank[];
  /** Requests sent so far. */
  sent = 0;
  done = 0;
  private readonly engines: readonly Engine[];
  /** When something happens next in each engine: asked again when it has moved or was sent something. */
  private readonly nextMs: Float64Array;
  private readonly balancer: Balancer;
  private readonly isClosed: boolean;
  /** A balancer that looks at loads must decide when a request is sent; otherwise all are assigned ahead. */
  private readonly decidesLate: boolean;
  /**
   * Whether what one engine does shows elsewhere before the next request is sent, in what a client sends or in the steady
   * window, which both follow completions: then none may run ahead.
   */
  private readonly isCoupled: boolean;

  private readonly fleet: FleetInput;
  /** The requests as their schedulers keep them, row by row of the table. */
  readonly sequences: readonly Sequence[];

  constructor(fleet: FleetInput) {
    this.fleet = fleet;
    const { input, limits, requests, recorder } = fleet;
    this.isClosed = input.traffic.arrivals.kind === "closed";
    const looks = input.stepsTogether || input.balancer === "least-loaded";
    this.decidesLate = !this.isClosed && input.replicas > 1 && looks;
    this.isCoupled = (this.isClosed || input.traffic.arrivals.kind === "offline") && input.replicas > 1;
    this.sequences = sequencesOf(requests);
    const onDone = (sequence: Sequence, nowMs: number): void => this.onDone(sequence, nowMs);
    const context = { latency: input.latency, limits, requests, recorder, onDone };
    if (input.stepsTogether && input.replicas > 1) {
      const lockstep = new Lockstep(context, input.replicas);
      this.engines = [lockstep];
      this.replicas = lockstep.ranks;
      this.balancer = new EngineBalancer(lockstep.ranks, input.traffic);
    } else {
      const replicas = Array.from({ length: input.replicas }, () => new Replica(context));
      this.engines = replicas;
      this.replicas = replicas;
      this.balancer = new LoadBalancer(replicas, input.balancer === "least-loaded");
    }
    this.nextMs = new Float64Array(this.engines.length).fill(Number.POSITIVE_INFINITY);
  }

  /** Runs until every request is done, or until `onTime` says to give up. */
  run(): void {
    const { requests, onTime, nextLookMs = () => 0 } = this.fleet;
    this.sendFirst();
    while (this.done < requests.count) {
      const next = this.nextEngine();
      const engine = this.engines[next];
      const eventMs = this.nextMs[next];
      const arrivalMs = this.nextSendMs();
      const nowMs = Math.min(eventMs, arrivalMs);
      if (nowMs === Number.POSITIVE_INFINITY)
        throw new Error(`simulation stands still with ${requests.count - this.done} requests left`);
      if (onTime(nowMs)) return;
      this.balancer.look?.(nowMs);
      if (arrivalMs <= eventMs) this.send(arrivalMs);
      else {
        engine.advance(nowMs, this.isCoupled ? nowMs : Math.min(arrivalMs, nextLookMs()));
        this.nextMs[next] = engine.nextEventMs();
      }
    }
  }

  waiting(): number {
    let waiting = 0;
    for (const replica of this.replicas) waiting += replica.waiting;
    return waiting;
  }

  running(): number {
    let running = 0;
    for (const replica of this.replicas) running += replica.running;
    return running;
  }

  /** The engine in which something happens first. */
  private nextEngine(): number {
    const { nextMs } = this;
    let first = 0;
    for (let i = 1; i < nextMs.length; i++) if (nextMs[i] < nextMs[first]) first = i;
    return first;
  }

  private sendFirst(): void {
    const { arrivals, requests } = this.fleet.input.traffic;
    if (this.decidesLate) return;
    const first = arrivals.kind === "closed" ? Math.min(arrivals.concurrency, requests) : requests;
    while (this.sent < first) this.send(this.fleet.requests.sentMs[this.sent]);
  }

  private nextSendMs(): number {
    if (!this.decidesLate || this.sent === this.fleet.requests.count) return Number.POSITIVE_INFINITY;
    return this.fleet.requests.sentMs[this.sent];
  }

  private send(nowMs: number): void {
    const { requests, hostTimes } = this.fleet;
    const request = this.sent++;
    const replica = this.balancer.pick(request);
    requests.sentMs[request] = nowMs;
    const sequence = this.sequences[request];
    sequence.queuedMs = nowMs + hostTimes.requestInMs;
    this.replicas[replica].receive(sequence);
    const engine = this.engines.length === 1 ? 0 : replica;
    this.nextMs[engine] = this.engines[engine].nextEventMs();
  }

  private onDone({ row }: Sequence, nowMs: number): void {
    this.done++;
    this.balancer.done?.(row);
    if (this.isClosed && this.sent < this.fleet.requests.count)
      this.send(nowMs + this.fleet.hostTimes.turnaroundMs);
  }
}
