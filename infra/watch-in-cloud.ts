import type * as pulumi from "@pulumi/pulumi";
import { isPublished } from "../lib/serving";
import type { Plan } from "../lib/strategy";
import type { Host } from "./hosts/host";
import type { Publisher } from "./services/publisher";

export interface WatchArgs {
  readonly plan: Plan;
  readonly hosts: readonly Host[];
  readonly publisher: Publisher;
  readonly prefix?: string;
  readonly parent?: pulumi.Resource;
}

/**
 * CloudWatch's side of the stack, where it wants one. It comes after the first figures are there: silence is an alarm, and
 * nobody wants to be woken by a machine that is only being set up.
 */
export async function watchInCloud({ plan, hosts, publisher, prefix = "", parent }: WatchArgs) {
  const [{ account, logGroup: logs } = {}] = hosts;
  if (!isPublished(plan) || account === undefined) return {};
  const { CloudWatch } = await import("./aws/watch/cloud-watch.js");
  const within = parent === undefined ? {} : { parent };
  const { topic, dashboard } = new CloudWatch(
    `${prefix}cloud-watch`,
    { plan },
    { ...within, providers: [account], dependsOn: publisher },
  );
  return { cloudWatch: { dashboard, topic, ...(logs === undefined ? {} : { logs }) } };
}
