export { claimsPage } from "./claims/claims-page";
export { type ComparedPlan, comparePlans } from "./compare-plans";
export { type Explanation, explain, renderExplanation } from "./explain/explain";
export { planJson } from "./json/plan-json";
export { overloadOf } from "./overload";
export { renderReport } from "./render-report";
export type { ReportFormat } from "./report-document";
export type { ReportDetails, ReportOptions } from "./report-options";
