import type { LatencyModel } from "../types";
import type { AcceptedDrafts } from "./accepted-drafts";
import type { Recorder } from "./recorder";
import type { RequestTable } from "./request-table";
import type { SchedulerRules } from "./scheduler-rules";
import type { Sequence } from "./sequence";

/** Limits of one replica, checked and in the units of the scheduler. */
export interface ReplicaLimits {
  readonly maxSequences: number;
  readonly tokenBudget: number;
  readonly blocks: number;
  /** Blocks that stay free when a request is admitted beside others. */
  readonly watermarkBlocks: number;
  /** Steps from one with prompt tokens to the next while sequences decode and no queue builds up. */
  readonly prefillInterval: number;
  /** Batches composed before the first of them has ended. */
  readonly batchesInFlight: number;
  readonly reservesOutput: boolean;
  readonly rules: SchedulerRules;
  /** Tokens that are drafted for each sequence, and how many of them are accepted; absent without speculative decoding. */
  readonly drafts?: { readonly tokens: number; readonly accepted: AcceptedDrafts };
  /** What a request leaves in the KV cache can be found again. */
  readonly prefixCaching: boolean;
  /** Blocks of the prefix that requests share. */
  readonly sharedBlocks: number;
  /** The scheduler learns from the last token that a request has ended, and may have queued it for one step more. */
  readonly endsByToken: boolean;
  /** Output tokens of the longest request. */
  readonly longestOutput: number;
  /** More tokens than all requests need many times over: beyond it the simulation makes no progress. */
  readonly maxSteps: number;
}

export interface ReplicaContext {
  readonly latency: LatencyModel;
  readonly limits: ReplicaLimits;
  readonly requests: RequestTable;
  readonly recorder: Recorder;
  /** Called when a request's last token is out. */
  readonly onDone: (sequence: Sequence, nowMs: number) => void;
}
