export { assertPlan } from "./assert-plan";
export { loadCurve } from "./load-curve";
export { plan } from "./plan";
export { PlanError } from "./plan-error";
export { SIMULATION_SOURCE } from "./provenance-of-load";
export { sensitivity } from "./sensitivity";
export type { PlanOptions } from "./situation";
export { sameStrategy, strategyLabel } from "./strategy-label";
export * from "./types";
