export { type Catalogue, catalogue } from "./catalogue";
export { check } from "./check";
export { deploymentOf, plan } from "./plan";
export { type RecommendOptions, recommend } from "./recommend";
