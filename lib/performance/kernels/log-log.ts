/** Time as a function of a size. */
export type Curve = (size: number) => number;

/**
 * Curve through measured points, straight between them in log-log coordinates, so that a power law is met exactly.
 * Below the first point the first value holds (a launch floor); beyond the last, time grows with `slopeBeyond`
 * (1 = in proportion to the size).
 * @param sizes ascending, > 0
 * @param values > 0, one per size
 */
export function logLogCurve(sizes: readonly number[], values: readonly number[], slopeBeyond = 1): Curve {
  const x = Float64Array.from(sizes, Math.log);
  const y = Float64Array.from(values, Math.log);
  const last = x.length - 1;
  return (size) => {
    const at = Math.log(size);
    if (!(at > x[0])) return values[0];
    if (at >= x[last]) return Math.exp(y[last] + slopeBeyond * (at - x[last]));
    const i = segment(x, at);
    return Math.exp(y[i] + ((y[i + 1] - y[i]) * (at - x[i])) / (x[i + 1] - x[i]));
  };
}

/** Index i with x[i] <= at < x[i + 1], for x[0] <= at < x[last]. */
export function segment(x: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= at) low = middle;
    else high = middle;
  }
  return low;
}

/** Sum of curves. */
export const sumOf =
  (curves: readonly Curve[]): Curve =>
  (size) => {
    let total = 0;
    for (const curve of curves) total += curve(size);
    return total;
  };
