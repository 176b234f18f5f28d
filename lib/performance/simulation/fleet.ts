import type { SimulationInput } from "../types";
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
  /** Called before each event, with its time; true gives the run up. */
  readonly onTime: (nowMs: number) => boolean;
}

/** The replicas, the balancer in front of them, and the client of a closed loop. */
export class Fleet {
  readonly replicas: Replica[] = [];
  /** Requests sent so far. */
  sent = 0;
  done = 0;
  private turn = 0;
  private readonly isClosed: boolean;
  /** A balancer that looks at loads must decide when a request is sent; otherwise all are assigned ahead. */
  private readonly decidesLate: boolean;

  private readonly fleet: FleetInput;
  /** The requests as their schedulers keep them, row by row of the table. */
  readonly sequences: readonly Sequence[];

  constructor(fleet: FleetInput) {
    this.fleet = fleet;
    const { input, limits, requests, recorder } = fleet;
    this.isClosed = input.traffic.arrivals.kind === "closed";
    this.decidesLate = !this.isClosed && input.replicas > 1 && input.balancer === "least-loaded";
    this.sequences = sequencesOf(requests);
    const onDone = (nowMs: number): void => this.onDone(nowMs);
    const context = { latency: input.latency, limits, requests, recorder, onDone };
    for (let i = 0; i < input.replicas; i++) this.replicas.push(new Replica(context));
  }

  /** Runs until every request is done, or until `onTime` says to give up. */
  run(): void {
    const { requests, onTime } = this.fleet;
    this.sendFirst();
    while (this.done < requests.count) {
      const replica = this.nextReplica();
      const eventMs = replica.nextEventMs();
      const arrivalMs = this.nextSendMs();
      const nowMs = Math.min(eventMs, arrivalMs);
      if (nowMs === Number.POSITIVE_INFINITY)
        throw new Error(`simulation stands still with ${requests.count - this.done} requests left`);
      if (onTime(nowMs)) return;
      if (arrivalMs <= eventMs) this.send(arrivalMs);
      else replica.advance(nowMs);
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

  private nextReplica(): Replica {
    let first = this.replicas[0];
    if (this.replicas.length === 1) return first;
    let firstMs = first.nextEventMs();
    for (const replica of this.replicas) {
      const eventMs = replica.nextEventMs();
      if (eventMs < firstMs) {
        first = replica;
        firstMs = eventMs;
      }
    }
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
    const replica = this.pickReplica();
    requests.sentMs[request] = nowMs;
    const sequence = this.sequences[request];
    sequence.queuedMs = nowMs + hostTimes.requestInMs;
    this.replicas[replica].receive(sequence);
  }

  private pickReplica(): number {
    const count = this.replicas.length;
    const start = this.turn;
    this.turn = (this.turn + 1) % count;
    if (count === 1 || this.fleet.input.balancer === "round-robin") return start;
    let best = start;
    for (let i = 0; i < count; i++) {
      const candidate = (start + i) % count;
      if (this.replicas[candidate].load < this.replicas[best].load) best = candidate;
    }
    return best;
  }

  private onDone(nowMs: number): void {
    this.done++;
    if (this.isClosed && this.sent < this.fleet.requests.count)
      this.send(nowMs + this.fleet.hostTimes.turnaroundMs);
  }
}
