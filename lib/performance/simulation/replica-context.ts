import type { LatencyModel } from "../types";
import type { Recorder } from "./recorder";
import type { RequestTable } from "./request-table";
import type { SchedulerRules } from "./scheduler-rules";

/** Limits of one replica, checked and in the units of the scheduler. */
export interface ReplicaLimits {
  readonly maxSequences: number;
  readonly tokenBudget: number;
  readonly blocks: number;
  /** Batches composed before the first of them has ended. */
  readonly batchesInFlight: number;
  readonly reservesOutput: boolean;
  readonly rules: SchedulerRules;
  /** What a request leaves in the KV cache can be found again. */
  readonly prefixCaching: boolean;
  /** Blocks of the prefix that requests share. */
  readonly sharedBlocks: number;
  /** The scheduler learns from the last token that a request has ended, and may have queued it for one step more. */
  readonly endsByToken: boolean;
  /** More tokens than all requests need many times over: beyond it the simulation makes no progress. */
  readonly maxSteps: number;
}

/** Columns that only the scheduler needs, shared by all replicas (a request is on one replica). */
export class SchedulerState {
  /** Prompt to compute: after a preemption it holds the tokens generated so far as well. */
  readonly promptTokens: Int32Array;
  readonly remainingTokens: Int32Array;
  readonly computedTokens: Int32Array;
  readonly blocks: Int32Array;
  readonly slot: Int32Array;
  readonly firstDecode: Int32Array;
  readonly epoch: Int32Array;
  /** 1 while the request's last token is in flight. */
  readonly finishing: Uint8Array;
  /** 1 while the request holds the shared prefix. */
  readonly sharing: Uint8Array;
  /** Number of the batch that a preempted request must see end before it may run again. */
  readonly staleUntil: Int32Array;
  readonly lastTokenMs: Float64Array;
  readonly nextFinish: Int32Array;
  readonly previousFinish: Int32Array;

  constructor(requests: RequestTable) {
    const column = (): Int32Array => new Int32Array(requests.count);
    this.promptTokens = requests.promptTokens.slice();
    this.remainingTokens = requests.outputTokens.slice();
    this.computedTokens = column();
    this.blocks = column();
    this.slot = column().fill(-1);
    this.firstDecode = column();
    this.epoch = column();
    this.finishing = new Uint8Array(requests.count);
    this.sharing = new Uint8Array(requests.count);
    this.staleUntil = column().fill(-1);
    this.lastTokenMs = new Float64Array(requests.count);
    this.nextFinish = column();
    this.previousFinish = column();
  }
}

export interface ReplicaContext {
  readonly latency: LatencyModel;
  readonly limits: ReplicaLimits;
  readonly requests: RequestTable;
  readonly state: SchedulerState;
  readonly recorder: Recorder;
  /** Called when a request's last token is out. */
  readonly onDone: (request: number, nowMs: number) => void;
}
