import type { BandRegime, SimulationResult } from "../../performance";
import type { TypicalSteps } from "../replica/communicate";
import type { Requirement } from "../requirements/requirement";
import type { Candidate } from "../types";

/** A candidate with what the plan needs of it beyond what it shows. */
export interface Evaluation {
  readonly candidate: Candidate;
  /** Every requirement that could be held against it, met or not. */
  readonly requirements: readonly Requirement[];
  /** Absent when the candidate cannot run. */
  readonly result?: SimulationResult;
  readonly steps?: TypicalSteps;
  /** Where its error bands come from. */
  readonly regime?: BandRegime;
  /** Mean time of a whole request in ms: what objective latency minimises. Infinite when it cannot run. */
  readonly meanRequestMs: number;
}
