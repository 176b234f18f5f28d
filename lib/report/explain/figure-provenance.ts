import { candidateProvenance, type Plan, type Provenance } from "../../strategy";
import { derivedFigure } from "./derived-figures";
import { bySpecificity, matchesFigure } from "./match-figure";
import { statedFigures } from "./stated-figures";

/** Finds where a figure comes from; undefined for what is no figure of the plan. */
export type FigureProvenance = (figure: string) => Provenance | undefined;

/**
 * The planner's entries first, then those of a candidate from its own degrees and runs, then formulas of figures that
 * stand many times, then what is stated by config and catalogue: the most specific pattern of each.
 */
export function figureProvenance(plan: Plan): FigureProvenance {
  const find = (entries: readonly Provenance[]): FigureProvenance => {
    const exact = new Map(entries.map((entry) => [entry.figure, entry]));
    const patterns = entries
      .filter((entry) => entry.figure.includes("*"))
      .sort((a, b) => bySpecificity(a.figure, b.figure));
    return (figure) => exact.get(figure) ?? patterns.find((entry) => matchesFigure(entry.figure, figure));
  };
  const computed = find(plan.provenance);
  const stated = find(statedFigures(plan));
  const ofCandidate = candidates(plan, find);
  return (figure) => {
    const entry = computed(figure) ?? ofCandidate(figure) ?? derivedFigure(plan, figure) ?? stated(figure);
    return entry && { ...entry, figure };
  };
}

/** Provenance of the candidates' figures, made when one of them is asked for. */
function candidates(
  plan: Plan,
  find: (entries: readonly Provenance[]) => FigureProvenance,
): FigureProvenance {
  const made = new Map<number, FigureProvenance>();
  return (figure) => {
    const [, index, rest = ""] = /^candidates\.(\d+)\.(.+)$/.exec(figure) ?? [];
    const candidate = plan.candidates[Number(index)];
    if (candidate === undefined) return undefined;
    const known = made.get(Number(index)) ?? find(candidateProvenance(plan, candidate));
    made.set(Number(index), known);
    return known(rest);
  };
}
