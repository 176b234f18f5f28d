import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { weightBytes } from "../../lib/catalog";
import { loadedPrecision } from "../../lib/config";
import type { Plan } from "../../lib/strategy";
import { accountName } from "../stack-names";

/** A machine of this stack that the account has now. */
export interface RunningMachine {
  readonly id: string;
  readonly availabilityZone: string;
  readonly instanceType: string;
  readonly ami: string;
}

/** Tag of every machine; its value names stack and node, such as `shardplan-prod/node-0`. */
export const NODE_TAG = "shardplan:node";

/** Value of the tag. */
export const nodeTag = (node: string): string => `${accountName()}/${node}`;

/** Ids of the stack's machines of a node as EC2 knows them, also of those that are stopped. */
export async function machineIds(node: string, opts: pulumi.InvokeOptions): Promise<readonly string[]> {
  // An empty list may come as none at all.
  const { ids }: Partial<aws.ec2.GetInstancesResult> = await aws.ec2.getInstances(
    {
      filters: [{ name: `tag:${NODE_TAG}`, values: [nodeTag(node)] }],
      instanceStateNames: ["pending", "running", "stopping", "stopped"],
    },
    opts,
  );
  return ids ?? [];
}

/** The stack's machines. */
export async function runningMachines(opts: pulumi.InvokeOptions): Promise<readonly RunningMachine[]> {
  const ids = await machineIds("*", opts);
  return Promise.all(
    ids.map(async (instanceId) => {
      const { availabilityZone, instanceType, ami } = await aws.ec2.getInstance({ instanceId }, opts);
      return { id: instanceId, availabilityZone, instanceType, ami };
    }),
  );
}

/** Why running machines would be replaced: a machine is neither moved nor made another one, a new one is made. */
export function replacements(
  machines: readonly RunningMachine[],
  { instance, deployment: { aws: settings } }: Plan,
): readonly string[] {
  return machines.flatMap(({ id, ...machine }) => {
    const wanted = [
      ["aws.availabilityZone", settings.availabilityZone, "runs in", machine.availabilityZone],
      ["hardware.instanceType", instance.name, "is a", machine.instanceType],
      ["aws.amiId", settings.amiId, "has", machine.ami],
    ] as const;
    return wanted
      .filter(([, value, , now]) => value !== undefined && value !== now)
      .map(([key, value, verb, now]) => `${key}: is ${value}, and ${id} ${verb} ${now}`);
  });
}

/** Stops before anything is changed when the configuration asks for machines that the running ones cannot become. */
export function refuseToLose(machines: readonly RunningMachine[], plan: Plan): void {
  const lines = replacements(machines, plan);
  if (plan.deployment.aws.allowReplace || lines.length === 0) return;
  throw new pulumi.RunError(
    [
      ...lines,
      "the machine would be deleted, and aws.allowReplace is not set: set the value back, or lift the protection first, " +
        "with the old value: pulumi config set --path shardplan:aws.allowReplace true && pulumi up",
    ].join("\n  "),
  );
}

/** Says what it means that the protection of running machines is lifted, and which of them this change replaces. */
export async function sayRisk(machines: readonly RunningMachine[], plan: Plan): Promise<void> {
  if (!plan.deployment.aws.allowReplace || machines.length === 0) return;
  const lines = replacements(machines, plan);
  const gigabytes = Math.round(weightBytes(plan.model, loadedPrecision(plan.deployment.model)) / 1e9);
  const what =
    lines.length > 0
      ? `this change replaces machines (${lines.join("; ")})`
      : "a change may replace machines";
  await pulumi.log.warn(
    `aws.allowReplace is set, so ${what}: without service until a new one has booted, installed everything and fetched ` +
      `${gigabytes} GB of weights again; to protect them: pulumi config set --path shardplan:aws.allowReplace false && pulumi up`,
  );
}
