import type { SimulationResult } from "../../performance";
import type { Requirement } from "../requirements/requirement";
import type { Candidate } from "../types";
import type { SustainedRate } from "./sustained-rate";
import type { Tuned } from "./tune-serving";

/** A strategy with the serving parameters it is deployed with, and what is known of its rates. */
export interface Settled extends Tuned {
  /** Requirements that were already checked: the strategy is valid and fits. */
  readonly met: readonly Requirement[];
  /** Highest rate of these very serving parameters; the highest over all of them where it was not searched. */
  readonly sustained: SustainedRate;
}

/** A candidate with what the plan needs of it beyond what it shows. */
export interface Evaluation {
  readonly candidate: Candidate;
  /** Every requirement that could be held against it, met or not. */
  readonly requirements: readonly Requirement[];
  /** Serving parameters and rates; absent when the candidate cannot run. */
  readonly tuned?: Settled;
  /** One run at the requested rate; absent when the candidate cannot run or is overloaded. */
  readonly result?: SimulationResult;
  /** Mean time of a whole request in ms: what objective latency minimises. Infinite when it cannot run. */
  readonly meanRequestMs: number;
}
