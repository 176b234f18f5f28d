export { type Catalogue, catalogue } from "./catalogue";
export { check } from "./check";
export { EMIT_FORMS, type EmitForm, emit } from "./emit";
export { longestContext, maxRate, smallestGpu } from "./inverse";
export { deploymentOf, plan } from "./plan";
export { recommend } from "./recommend";
