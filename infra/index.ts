import { announceChange } from "./announce-change";
import { readConfiguration } from "./configuration";
import { deployServices } from "./deploy-services";
import { planOrFail } from "./plan-or-fail";
import { provideHosts } from "./provide-hosts";
import { refuseKnownHoles } from "./refuse-known-holes";
import { stackOutputs } from "./stack-outputs";
import { watchInCloud } from "./watch-in-cloud";

/**
 * The whole program: from the stack's configuration to a proven endpoint. Nothing is registered before the plan
 * holds. Runs as the program of `pulumi up` (main.ts) and inline through the Automation API.
 */
export async function shardplan() {
  const { deployment, secrets } = readConfiguration();
  const plan = planOrFail(deployment);
  await refuseKnownHoles(deployment);
  await announceChange(plan);
  const hosts = await provideHosts(plan, secrets);
  const deployed = deployServices({ plan, hosts, secrets });
  return { ...stackOutputs(deployed), ...(await watchInCloud({ ...deployed, hosts })) };
}
