export { assertPlan } from "./assert-plan";
export { plan } from "./plan";
export { PlanError } from "./plan-error";
export type { PlanOptions } from "./situation";
export { sameStrategy, strategyLabel } from "./strategy-label";
export * from "./types";
