import { deploymentSchema } from "./schema";

/** Namespace of all keys in a Pulumi stack file. */
export const NAMESPACE = "shardplan";

/** Names of the config sections: `model`, `hardware`, ... */
export const SECTIONS: readonly string[] = Object.keys(deploymentSchema.shape);

/** Secrets that only the running program reads; planning does without. */
export const SECRET_KEYS: readonly string[] = [
  "sshPrivateKey",
  "huggingFaceToken",
  "apiKey",
  "apiKeys",
  "certificate",
  "certificateKey",
  "alertWebhook",
  "alertMailPassword",
];
