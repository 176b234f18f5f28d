import type { BandRegime } from "../lib/performance";
import { type ComparedFigure, fitBand } from "./error-bands";

/** A figure with the load that it was predicted under, which has a band of its own. */
export interface BandedFigure extends ComparedFigure {
  readonly column: string;
  readonly regime: BandRegime["load"];
}

/**
 * Whether each figure lies in the 80 % band that the figures of the other groups give: the band has not seen its group, as
 * the constants that predicted it have not. Undefined where no other group has such a figure.
 */
export function holdOutBands<Figure extends BandedFigure>(
  figures: readonly Figure[],
): ReadonlyMap<Figure, boolean> {
  const held = new Map<Figure, boolean>();
  for (const figure of figures) {
    const { column, regime, group, measured, predicted } = figure;
    const others = figures.filter(
      (other) => other.column === column && other.regime === regime && other.group !== group,
    );
    if (others.length === 0) continue;
    const { low, high } = fitBand(others, regime);
    held.set(figure, measured >= predicted * low && measured <= predicted * high);
  }
  return held;
}
