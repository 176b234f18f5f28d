import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../../lib/strategy";

/** A machine of this stack that the account has now. */
export interface RunningMachine {
  readonly id: string;
  readonly availabilityZone: string;
  readonly instanceType: string;
}

/** Tag of every machine; its value names stack and node, such as `shardplan-prod/node-0`. */
export const NODE_TAG = "shardplan:node";

/** Value of the tag. */
export const nodeTag = (node: string): string => `${pulumi.getProject()}-${pulumi.getStack()}/${node}`;

/** The stack's machines as EC2 knows them, also those that are stopped. */
export async function runningMachines(opts: pulumi.InvokeOptions): Promise<readonly RunningMachine[]> {
  const { ids } = await aws.ec2.getInstances(
    {
      filters: [{ name: `tag:${NODE_TAG}`, values: [nodeTag("*")] }],
      instanceStateNames: ["pending", "running", "stopping", "stopped"],
    },
    opts,
  );
  return Promise.all(
    ids.map(async (instanceId) => {
      const { availabilityZone, instanceType } = await aws.ec2.getInstance({ instanceId }, opts);
      return { id: instanceId, availabilityZone, instanceType };
    }),
  );
}

/**
 * Stops before anything is changed when the configuration asks for machines that the running ones cannot become: a
 * machine is neither moved to another zone nor made another type, it is deleted and a new one made.
 */
export function refuseToLose(
  machines: readonly RunningMachine[],
  { instance, deployment: { aws: settings } }: Plan,
): void {
  if (!settings.protect) return;
  const { availabilityZone: zone } = settings;
  const lines = machines.flatMap(({ id, availabilityZone, instanceType }) => [
    ...(zone !== undefined && zone !== availabilityZone
      ? [`aws.availabilityZone: is ${zone}, and ${id} runs in ${availabilityZone}`]
      : []),
    ...(instance.name !== instanceType
      ? [`hardware.instanceType: is ${instance.name}, and ${id} is a ${instanceType}`]
      : []),
  ]);
  if (lines.length === 0) return;
  throw new pulumi.RunError(
    [
      ...lines,
      "the machine would be deleted, and aws.protect forbids it: set the value back, or lift the protection first, with " +
        "the old value: pulumi config set --path shardplan:aws.protect false && pulumi up",
    ].join("\n  "),
  );
}
