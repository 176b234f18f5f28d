import type { LatencyStatistics } from "../types";

const MIN_MS = 1e-3;
const BINS_PER_FACTOR_E = 500;
const BINS = Math.ceil(Math.log(1e10) * BINS_PER_FACTOR_E);

/**
 * Weighted histogram of gaps with bins of 0.2 % width: a million steps need no sorting and no memory.
 * Percentiles are the centre of their bin, so they are off by 0.1 % at most.
 */
export class GapHistogram {
  private readonly weights = new Float64Array(BINS);
  private weight = 0;
  private sumMs = 0;
  private lowest = BINS;
  private highest = 0;

  /** Counts `weight` gaps of `gapMs`. */
  add(gapMs: number, weight: number): void {
    const raw = gapMs <= MIN_MS ? 0 : (Math.log(gapMs / MIN_MS) * BINS_PER_FACTOR_E) | 0;
    const bin = raw < BINS ? raw : BINS - 1;
    this.weights[bin] += weight;
    this.weight += weight;
    this.sumMs += gapMs * weight;
    if (bin < this.lowest) this.lowest = bin;
    if (bin > this.highest) this.highest = bin;
  }

  get count(): number {
    return this.weight;
  }

  private percentile(share: number): number {
    const target = share * this.weight;
    let seen = 0;
    for (let bin = this.lowest; bin <= this.highest; bin++) {
      seen += this.weights[bin];
      if (seen >= target) return MIN_MS * Math.exp((bin + 0.5) / BINS_PER_FACTOR_E);
    }
    return Number.NaN;
  }

  /** NaN everywhere when nothing was added. */
  statistics(): LatencyStatistics {
    return {
      meanMs: this.weight > 0 ? this.sumMs / this.weight : Number.NaN,
      p50Ms: this.percentile(0.5),
      p90Ms: this.percentile(0.9),
      p99Ms: this.percentile(0.99),
    };
  }
}
