/** The library `shardplan`: what the command line answers, as functions without input or output. */
export type { Gpu, InstanceType, ModelArchitecture } from "./catalog";
export { ConfigError, type Deployment, type DeploymentInput, readStackFile, UserError } from "./config";
export {
  type Catalogue,
  catalogue,
  check,
  deploymentOf,
  plan,
  type RecommendOptions,
  recommend,
} from "./library";
export { type ReportFormat, type ReportOptions, renderReport } from "./report";
export { type CommandQuestion, type LineCheck, vllmArguments } from "./serving";
export {
  assertPlan,
  findRemedies,
  type Plan,
  PlanError,
  type Recommendation,
  type Recommended,
  remedyText,
  strategyLabel,
} from "./strategy";
