import type { Plan } from "../../lib/strategy";
import { AwsHosts } from "../aws/aws-hosts";
import type { Secrets } from "../configuration";
import { givenHosts } from "./given-hosts";
import type { Host } from "./host";

/** The plan's machines: those of the configuration, or new ones on AWS. With given hosts no AWS resource exists. */
export function provideHosts(plan: Plan, secrets: Secrets): readonly Host[] {
  const { hosts } = plan.deployment;
  return hosts.length > 0 ? givenHosts(hosts, secrets) : new AwsHosts("aws", { plan, secrets }).hosts;
}
