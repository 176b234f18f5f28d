import type { Rank } from "./rank";

/** Sends requests to replicas. */
export interface Balancer {
  /** Called before each event, with its time. */
  look?(nowMs: number): void;
  /** The replica for a request that is sent now. */
  pick(row: number): number;
  /** A request is done. */
  done?(row: number): void;
}

/** One after the other, or to the one with the fewest requests; ties go round. */
export class LoadBalancer implements Balancer {
  private turn = 0;
  private readonly replicas: readonly Rank[];
  private readonly looksAtLoad: boolean;

  constructor(replicas: readonly Rank[], looksAtLoad: boolean) {
    this.replicas = replicas;
    this.looksAtLoad = looksAtLoad;
  }

  pick(): number {
    const count = this.replicas.length;
    const start = this.turn;
    this.turn = (this.turn + 1) % count;
    if (count === 1 || !this.looksAtLoad) return start;
    let best = start;
    for (let i = 0; i < count; i++) {
      const candidate = (start + i) % count;
      if (this.replicas[candidate].load < this.replicas[best].load) best = candidate;
    }
    return best;
  }
}
