import type { Situation } from "./situation";
import type { Plan, Provenance } from "./types";

/** Where each figure of the plan comes from. */
export function provenanceOf(_situation: Situation, _plan: Omit<Plan, "provenance">): Provenance[] {
  return [];
}
