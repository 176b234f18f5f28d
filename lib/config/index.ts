export { readArguments, type WrittenFlag } from "./argument-list";
export { ConfigError, type ConfigProblem } from "./config-error";
export { configurationPage } from "./configuration-page";
export { crossCheck } from "./cross-checks";
export { editorSchema, type OfferedNames } from "./editor-schema";
export { exampleStack } from "./example-stack";
export { deploymentFromPulumi, type PulumiConfigOptions } from "./from-pulumi";
export { type GeneratedFile, generatedFiles } from "./generated-files";
export { endTokens, longestTokens, meanTokens, medianTokens, ninthDecileTokens, quantileAt } from "./lengths";
export { readModelConfigFile } from "./model-config";
export { configKeys, nearestName, nearestNames } from "./nearest-key";
export { parseDeployment } from "./parse-deployment";
export {
  cachePrecision,
  loadedPrecision,
  type WeightPrecision,
  type WeightRequest,
  weightRequest,
} from "./precisions";
export { asTyped, inBackticks, programName } from "./program-name";
export type { Deployment, DeploymentInput, HostConfig, LengthDistribution } from "./schema";
export { deploymentSchema } from "./schema";
export { CHECKS, type CheckName } from "./schema/aws";
export { NAMESPACE, SECRET_KEYS, SECTIONS } from "./sections";
export { readStackFile, stackFile, stackNames } from "./stack-file";
export { UserError } from "./user-error";
export { flagValues, PARSED_FLAGS, valueProblem } from "./vllm-flag-values";
export { flagNames, flagStanding, KNOWN_FLAGS } from "./vllm-flags";
export { whyUnreadable } from "./why-unreadable";
