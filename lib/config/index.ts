export { ConfigError, type ConfigProblem } from "./config-error";
export { deploymentFromPulumi, type PulumiConfigOptions } from "./from-pulumi";
export { parseDeployment } from "./parse-deployment";
export type { Deployment, DeploymentInput, HostConfig, LengthDistribution } from "./schema";
export { deploymentSchema } from "./schema";
export { NAMESPACE, SECRET_KEYS, SECTIONS } from "./sections";
export { readStackFile, stackFile, stackNames } from "./stack-file";
export { UserError } from "./user-error";
