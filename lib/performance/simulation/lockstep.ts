import type { StepShape } from "../types";
import type { Batch } from "./batch";
import { LockstepRank } from "./lockstep-rank";
import { checkedMs } from "./rank";
import type { ReplicaContext } from "./replica-context";

/** A step without requests: one token of one sequence. */
const DUMMY: StepShape = {
  tokens: 1,
  decodeSequences: 1,
  decodeContextTokens: 1,
  prefillAttentionMs: 0,
  sampledSequences: 0,
};

/**
 * The data-parallel ranks of a mixture of experts. They share the experts, so every forward pass is one of all ranks: it
 * starts when the last has launched it, takes the time of the slowest, and runs without a CUDA graph on all of them when
 * one has no graph for its tokens, else padded to the largest (`sync_cudagraph_and_dp_padding` in
 * vllm/v1/worker/gpu/dp_utils.py of 0.33). Ranks without requests run dummies. Engine loops are ahead of the GPUs by their
 * batches in flight.
 */
export class Lockstep {
  readonly ranks: readonly LockstepRank[];
  private readonly context: ReplicaContext;
  /** Rounds that all ranks have launched. */
  private launched = 0;
  private launchMs = 0;
  private isStopped = true;
  /** Of the rounds under way: how many ranks have launched, when the last did, and the ends. */
  private readonly counts: Int32Array;
  private readonly launchedMs: Float64Array;
  private readonly endsMs: Float64Array;
  private readonly stageFreeMs: Float64Array;
  /** Of the round that is run: the batches of the ranks that have one, and the tokens of all. */
  private readonly batches: Batch[] = [];
  private readonly peers = { mostTokens: 0, allTokens: 0 };

  constructor(context: ReplicaContext, ranks: number) {
    this.context = context;
    this.ranks = Array.from({ length: ranks }, () => new LockstepRank(context));
    const rounds = context.limits.batchesInFlight + 2;
    this.counts = new Int32Array(rounds);
    this.launchedMs = new Float64Array(rounds);
    this.endsMs = new Float64Array(rounds);
    this.stageFreeMs = new Float64Array(context.latency.stages);
  }

  /** When something happens next; infinity when all ranks are idle for good. */
  nextEventMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const rank of this.ranks)
      nextMs = Math.min(nextMs, this.isStopped ? rank.nextArrivalMs : rank.dueMs);
    return nextMs;
  }

  /** Moves to the next event. */
  advance(toMs: number): void {
    if (this.isStopped) {
      this.isStopped = false;
      for (const rank of this.ranks) rank.begin(toMs);
    }
    for (const rank of this.ranks) {
      if (rank.dueMs > toMs) continue;
      if (rank.act(toMs)) this.count(rank.issued - 1, toMs);
    }
    this.launchRounds();
    this.syncRanks();
  }

  private count(round: number, nowMs: number): void {
    const at = round % this.counts.length;
    this.launchedMs[at] = this.counts[at] === 0 ? nowMs : Math.max(this.launchedMs[at], nowMs);
    this.counts[at]++;
  }

  private launchRounds(): void {
    for (let at = this.launched % this.counts.length; this.counts[at] === this.ranks.length; ) {
      this.counts[at] = 0;
      this.launchMs = Math.max(this.launchMs, this.launchedMs[at]);
      this.endsMs[at] = this.run(this.launched++);
      at = this.launched % this.counts.length;
    }
    for (const rank of this.ranks) {
      if (rank.dueMs < Number.POSITIVE_INFINITY) continue;
      if (rank.state === "dummy" && rank.issued <= this.launched) rank.dueMs = this.launchMs;
      if (rank.state === "batch" && rank.awaitedRound < this.launched) {
        const endMs = rank.awaitedRound < 0 ? 0 : this.endsMs[rank.awaitedRound % this.counts.length];
        rank.dueMs = Math.max(rank.nowMs, endMs);
      }
    }
  }

  /** Sends a round through the stages; returns when the last ends. */
  private run(round: number): number {
    const { latency, recorder } = this.context;
    const { ranks, peers } = this;
    const drafts = latency.speculation?.draftTokens ?? 0;
    let readyMs = this.launchMs;
    let count = 0;
    peers.mostTokens = DUMMY.tokens;
    peers.allTokens = 0;
    for (let i = 0; i < ranks.length; i++) {
      const batch = ranks[i].batchOf(round);
      if (batch === undefined) {
        peers.allTokens += DUMMY.tokens;
        continue;
      }
      this.batches[count++] = batch;
      const tokens = batch.step.tokens + drafts * batch.step.decodeSequences;
      peers.mostTokens = Math.max(peers.mostTokens, tokens);
      peers.allTokens += tokens;
      readyMs = Math.max(readyMs, ranks[i].readyMs(batch));
    }
    let busyMs = 0;
    for (let stage = 0; stage < latency.stages; stage++) {
      // A dummy is never slower than a batch.
      let slowestMs = count === 0 ? latency.stageMs(stage, DUMMY, peers) : 0;
      for (let i = 0; i < count; i++)
        slowestMs = Math.max(slowestMs, latency.stageMs(stage, this.batches[i].step, peers));
      readyMs = Math.max(readyMs, this.stageFreeMs[stage]) + checkedMs(slowestMs, stage);
      this.stageFreeMs[stage] = readyMs;
      busyMs += slowestMs * ranks.length;
    }
    recorder.busyAllMs += busyMs;
    if (recorder.open) recorder.busyMs += busyMs;
    for (let i = 0; i < ranks.length; i++) ranks[i].setEnd(round, readyMs);
    return readyMs;
  }

  /** Once all have ended their turn: on with the next, or none when no rank has requests. */
  private syncRanks(): void {
    for (const { state } of this.ranks) if (state !== "sync") return;
    const nowMs = Math.max(...this.ranks.map((rank) => rank.nowMs));
    this.isStopped = !this.ranks.some(({ hasRequests }) => hasRequests);
    for (const rank of this.ranks) {
      if (this.isStopped) rank.stop(nowMs);
      else rank.goOn(nowMs);
    }
  }
}
