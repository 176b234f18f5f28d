export { assertPlan } from "./assert-plan";
export { sameStrategy, strategyLabel } from "./figures/strategy-label";
export { plan } from "./plan";
export { PlanError } from "./plan-error";
export { SIMULATION_SOURCE } from "./provenance/provenance-of-load";
export type { PlanOptions } from "./situation";
export * from "./types";
export { loadCurve } from "./what-if/load-curve";
export { sensitivity } from "./what-if/sensitivity";
