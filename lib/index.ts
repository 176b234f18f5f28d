/** The library `shardplan`: what the command line answers, as functions without input or output. */
export type { Gpu, InstanceType, ModelArchitecture } from "./catalog";
export { ConfigError, type Deployment, type DeploymentInput, readStackFile, UserError } from "./config";
export {
  type Catalogue,
  catalogue,
  check,
  deploymentOf,
  type EmitForm,
  emit,
  longestContext,
  maxRate,
  plan,
  recommend,
  smallestGpu,
} from "./library";
export { type ReportFormat, type ReportOptions, renderReport } from "./report";
export { type CommandQuestion, type LineCheck, vllmArguments } from "./serving";
export {
  assertPlan,
  findRemedies,
  type LongestContext,
  type MaxRate,
  type Plan,
  PlanError,
  type Recommendation,
  type Recommended,
  type RecommendOptions,
  remedyText,
  type SmallestGpu,
  strategyLabel,
} from "./strategy";
