import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { shellWord } from "../../lib/serving";
import { fileOf } from "../files";

const SCRIPT = readFileSync(fileOf("aws", "publish-host-key.sh"), "utf8");

/** Value of the parameter until the instance has written its key. */
export const UNPUBLISHED = "not yet published";

/** A p5.48xlarge takes up to ten minutes until its first boot is done. */
const WAIT_MINUTES = 20;
const POLL_SECONDS = 10;

/** User data that makes an instance publish its host key under `parameter`. */
export function publishHostKeyScript(parameter: string, region: string): string {
  const [shebang, ...rest] = SCRIPT.split("\n");
  return [shebang, `PARAMETER=${shellWord(parameter)}`, `REGION=${shellWord(region)}`, ...rest].join("\n");
}

/** The key in a parameter's value, if the instance with this id wrote it: a replaced instance leaves its old key. */
export function publishedHostKey(value: string, instanceId: string): string | undefined {
  const [id, type, key] = value.trim().split(/\s+/);
  return id === instanceId && type?.startsWith("ssh-") && key !== undefined ? `${type} ${key}` : undefined;
}

/**
 * The public host key of an instance, as the instance itself published it at first boot. During a preview the key of
 * a machine that is only just booting stays unknown.
 */
export function hostKeyOf(
  instance: aws.ec2.Instance,
  parameter: aws.ssm.Parameter,
  region: string,
  opts: pulumi.InvokeOptions,
): pulumi.Output<string> {
  return pulumi
    .all([parameter.name, instance.id])
    .apply(([name, instanceId]) => waitForHostKey(name, instanceId, region, opts));
}

async function waitForHostKey(
  name: string,
  instanceId: string,
  region: string,
  opts: pulumi.InvokeOptions,
): Promise<string> {
  const tries = pulumi.runtime.isDryRun() ? 1 : (WAIT_MINUTES * 60) / POLL_SECONDS;
  for (let tried = 0; tried < tries; tried++) {
    if (tried > 0) await sleep(POLL_SECONDS * 1000);
    const { value } = await aws.ssm.getParameter({ name }, opts);
    const key = publishedHostKey(value, instanceId);
    if (key !== undefined) return key;
  }
  if (pulumi.runtime.isDryRun()) return UNPUBLISHED;
  throw new pulumi.RunError(
    `${instanceId}: has not published its SSH host key in ${WAIT_MINUTES} minutes; look at its console output ` +
      `(aws ec2 get-console-output --region ${region} --instance-id ${instanceId}), ` +
      `and that its subnet reaches ssm.${region}.amazonaws.com`,
  );
}
