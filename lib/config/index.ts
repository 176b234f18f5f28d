export type { Deployment, DeploymentInput, HostConfig, LengthDistribution } from "./schema";
export { deploymentSchema } from "./schema";
export { UserError } from "./user-error";
