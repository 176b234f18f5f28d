export { assertPlan } from "./assert-plan";
export { checkLabel } from "./figures/check-label";
export { sameStrategy, strategyLabel } from "./figures/strategy-label";
export { type Fit, fitPinned } from "./fit";
export { plan } from "./plan";
export { PlanError } from "./plan-error";
export { candidateProvenance } from "./provenance/candidate-provenance";
export { derived, SIMULATION_SOURCE, searched, simulated } from "./provenance/entry";
export type { FigureGroup, FigurePath } from "./provenance/figure-path";
export { stepsTogether } from "./replica/sharding";
export { isRateDriven } from "./requirements/service-requirements";
export { type PlanOptions, readSituation, type Situation } from "./situation";
export * from "./types";
export {
  type LongestContext,
  longestContext,
  type MaxRate,
  maxRate,
  type SmallestGpu,
  smallestGpu,
} from "./what-if/inverse";
export { MOST_NODES } from "./what-if/limits";
export { loadCurve } from "./what-if/load-curve";
export {
  type Machines,
  type Recommendation,
  type Recommended,
  type RecommendOptions,
  recommend,
  type Trial,
  tryMachines,
} from "./what-if/recommend";
export { findRemedies } from "./what-if/remedies";
export { asArguments, asPulumiCommands, remedyLabel, remedyText } from "./what-if/remedy-text";
export { sensitivity } from "./what-if/sensitivity";
