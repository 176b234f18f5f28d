/** Time spent at each whole level from 0 on: percentiles over time of something that steps up and down. */
export class TimeHistogram {
  private readonly ms: Float64Array;

  /** @param most highest level */
  constructor(most: number) {
    this.ms = new Float64Array(most + 1);
  }

  add(level: number, spanMs: number): void {
    this.ms[level] += spanMs;
  }

  /** The lowest level that is not exceeded for `share` (0..1) of the time; NaN when no time was spent. */
  at(share: number): number {
    let total = 0;
    for (const ms of this.ms) total += ms;
    if (total === 0) return Number.NaN;
    let sum = 0;
    for (let level = 0; level < this.ms.length; level++) {
      sum += this.ms[level] as number;
      if (sum >= share * total) return level;
    }
    return this.ms.length - 1;
  }
}
