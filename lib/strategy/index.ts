export { assertPlan } from "./assert-plan";
export { loadCurve } from "./load-curve";
export { plan } from "./plan";
export { PlanError } from "./plan-error";
export { sensitivity } from "./sensitivity";
export type { PlanOptions } from "./situation";
export { sameStrategy, strategyLabel } from "./strategy-label";
export * from "./types";
