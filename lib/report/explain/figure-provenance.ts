import type { Plan, Provenance } from "../../strategy";
import { bySpecificity, matchesFigure } from "./match-figure";
import { statedFigures } from "./stated-figures";

/** Finds where a figure comes from; undefined for what is no figure of the plan. */
export type FigureProvenance = (figure: string) => Provenance | undefined;

/**
 * The planner's entries first, most specific pattern first; then what is stated by config and catalogue.
 * A candidate's figure is computed by the same formula as the chosen one's, from the candidate's own degrees: its
 * entry keeps formula and source and leaves out inputs that belong to the chosen strategy.
 */
export function figureProvenance(plan: Plan): FigureProvenance {
  const find = (entries: readonly Provenance[]) => {
    const sorted = [...entries].sort((a, b) => bySpecificity(a.figure, b.figure));
    return (figure: string) => sorted.find((entry) => matchesFigure(entry.figure, figure));
  };
  const computed = find(plan.provenance);
  const stated = find(statedFigures(plan));
  const direct: FigureProvenance = (figure) => computed(figure) ?? stated(figure);
  return (figure) => direct(figure) ?? ofCandidate(plan, figure, direct);
}

function ofCandidate(plan: Plan, figure: string, direct: FigureProvenance): Provenance | undefined {
  const match = /^candidates\.(\d+)\.(.+)$/.exec(figure);
  const candidate = plan.candidates[Number(match?.[1])];
  const rest = match?.[2];
  if (candidate === undefined || rest === undefined) return undefined;
  const same = direct(rest.replace(/^memory\./, "memoryPerGpu."));
  if (same === undefined) return undefined;
  const { tensorParallel, pipelineParallel, dataParallel } = candidate.strategy;
  return {
    ...same,
    figure,
    inputs: {
      tensorParallel: String(tensorParallel),
      pipelineParallel: String(pipelineParallel),
      dataParallel: String(dataParallel),
    },
  };
}
