import type { Candidate, Plan } from "../strategy";

/** Strategies that fail for the same reason before anything could be simulated. */
export interface ImpossibleGroup {
  readonly requirement: string;
  readonly candidates: readonly Candidate[];
}

/** Strategies that cannot run, by the requirement that each fails first; the largest group first. */
export function impossibleGroups({ candidates }: Plan): readonly ImpossibleGroup[] {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates.filter(({ feasible }) => !feasible)) {
    const requirement = candidate.violations[0]?.requirement ?? candidate.reasons[0] ?? "";
    groups.set(requirement, [...(groups.get(requirement) ?? []), candidate]);
  }
  return [...groups]
    .map(([requirement, members]) => ({ requirement, candidates: members }))
    .sort((a, b) => b.candidates.length - a.candidates.length);
}
