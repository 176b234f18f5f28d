import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** Variables by which AWS's tools find credentials. */
const VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/**
 * Whether this machine may have credentials for AWS: variables, files, the stack's `aws:` keys, or the role of an EC2
 * machine. Only that nothing is there can be told without asking AWS.
 */
export function mayHaveCredentials(environment: NodeJS.ProcessEnv = process.env): boolean {
  const config = new pulumi.Config("aws");
  const files = [
    environment.AWS_CONFIG_FILE ?? join(homedir(), ".aws", "config"),
    environment.AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), ".aws", "credentials"),
  ];
  return (
    VARIABLES.some((name) => (environment[name] ?? "") !== "") ||
    ["accessKey", "profile"].some((key) => config.get(key) !== undefined) ||
    files.some((file) => existsSync(file)) ||
    (environment.AWS_EC2_METADATA_DISABLED !== "true" && isEc2())
  );
}

function isEc2(): boolean {
  try {
    return readFileSync("/sys/class/dmi/id/sys_vendor", "utf8").startsWith("Amazon EC2");
  } catch {
    return false;
  }
}
