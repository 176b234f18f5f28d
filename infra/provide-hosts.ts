import type { Plan } from "../lib/strategy";
import type { Secrets } from "./configuration";
import { givenHosts } from "./hosts/given-hosts";
import type { Host } from "./hosts/host";

/**
 * The plan's machines: those of the configuration, or new ones on AWS. With given hosts no AWS resource exists, and the
 * AWS package, which takes seconds to load, is not even loaded.
 */
export async function provideHosts(plan: Plan, secrets: Secrets): Promise<readonly Host[]> {
  const { hosts } = plan.deployment;
  if (hosts.length > 0) return givenHosts(hosts, secrets);
  const { awsHosts } = await import("./aws/aws-hosts.js");
  return awsHosts("aws", plan, secrets);
}
