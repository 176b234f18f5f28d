import type { Plan } from "../lib/strategy";
import { check } from "./checks/finding";
import { lookAtHub } from "./checks/hub";
import type { Secrets } from "./configuration";
import { checkGivenHosts } from "./hosts/check-given-hosts";
import { givenHosts } from "./hosts/given-hosts";
import type { Host, HostsScope } from "./hosts/host";

/**
 * The plan's machines, when nothing stands against them: those of the configuration, or new ones on AWS. With given hosts no AWS resource exists, and the
 * AWS package, which takes seconds to load, is not even loaded.
 */
export async function provideHosts(
  plan: Plan,
  secrets: Secrets,
  scope: HostsScope = {},
): Promise<readonly Host[]> {
  const { deployment } = plan;
  if (deployment.hosts.length > 0) {
    await check({ hub: () => lookAtHub(deployment, secrets) }, deployment);
    await checkGivenHosts(deployment, secrets);
    return givenHosts(deployment, secrets, scope.prefix);
  }
  const { awsHosts } = await import("./aws/aws-hosts.js");
  return awsHosts(plan, secrets, scope);
}
