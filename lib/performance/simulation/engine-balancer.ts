import type { TrafficInput } from "../types";
import type { Load, LockstepRank } from "./lockstep-rank";
import { randomStream } from "./random-stream";

/** The coordinator tells the API servers about the engines' loads every so often, in ms. */
const SNAPSHOT_MS = 100;
/** Added to a load for each waiting request, times the KV cache in use beyond a half. */
const KV_PENALTY = 6;
const KV_FREE_SHARE = 0.5;

/** What one API server knows of the ranks. */
interface Server {
  readonly loads: Load[];
  /** Requests of its own on each rank: those it never forgets. */
  readonly inFlight: number[];
  start: number;
}

function copyLoad(from: Load, to: Load): void {
  to.waiting = from.waiting;
  to.running = from.running;
  to.kvUsage = from.kvUsage;
}

/** Which of the API servers each request reaches. */
export function apiServers(
  { seed, requests }: Pick<TrafficInput, "seed" | "requests">,
  servers: number,
): number[] {
  const stream = randomStream(seed, "api servers");
  return Array.from({ length: requests }, () => Math.floor(stream.next() * servers));
}

/**
 * vLLM's own balancing over its data-parallel ranks: as many API servers as ranks, each of which sends to the rank with the
 * least of `max(servers x own requests in flight, waiting + running)`, the latter from a snapshot, with a penalty for
 * waiting on a full KV cache (`DPLBAsyncMPClient.get_core_engine_for_request` in vllm/v1/engine/core_client.py of 0.33; the
 * number of servers: vllm/entrypoints/cli/serve.py). Which server a connection reaches is chance.
 */
export class EngineBalancer {
  private readonly ranks: readonly LockstepRank[];
  private readonly servers: readonly Server[];
  private readonly serverOf: readonly number[];
  private readonly rankOf: Int32Array;
  private nextSnapshotMs = 0;

  constructor(ranks: readonly LockstepRank[], traffic: Pick<TrafficInput, "seed" | "requests">) {
    this.ranks = ranks;
    this.servers = ranks.map((_, start) => ({
      loads: ranks.map(() => ({ waiting: 0, running: 0, kvUsage: 0 })),
      inFlight: ranks.map(() => 0),
      start,
    }));
    this.serverOf = apiServers(traffic, ranks.length);
    this.rankOf = new Int32Array(traffic.requests);
  }

  /** Called before each event: what the coordinator publishes by then is how the ranks were left. */
  look(nowMs: number): void {
    if (nowMs < this.nextSnapshotMs) return;
    for (const { loads } of this.servers)
      for (let rank = 0; rank < loads.length; rank++) copyLoad(this.ranks[rank].told, loads[rank]);
    this.nextSnapshotMs = (Math.floor(nowMs / SNAPSHOT_MS) + 1) * SNAPSHOT_MS;
  }

  pick(row: number): number {
    const server = this.servers[this.serverOf[row]];
    const rank = this.choose(server);
    server.inFlight[rank]++;
    this.rankOf[row] = rank;
    return rank;
  }

  done(row: number): void {
    this.servers[this.serverOf[row]].inFlight[this.rankOf[row]]--;
  }

  private choose(server: Server): number {
    const count = this.ranks.length;
    let least = Number.POSITIVE_INFINITY;
    let best = 0;
    for (let i = 0; i < count; i++) {
      const rank = (server.start + i) % count;
      const { waiting, running, kvUsage } = server.loads[rank];
      const penalty = waiting * KV_PENALTY * Math.max(0, kvUsage - KV_FREE_SHARE);
      const score = Math.max(count * server.inFlight[rank], waiting + running) + penalty;
      if (score < least) [least, best] = [score, rank];
    }
    server.loads[best].waiting += count;
    server.start = (server.start + 1) % count;
    return best;
  }
}
