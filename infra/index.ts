import { announceChange } from "./announce-change";
import { readConfiguration } from "./configuration";
import { planOrFail } from "./plan-or-fail";
import { provideHosts } from "./provide-hosts";
import { refuseKnownHoles } from "./refuse-known-holes";
import { Drivers } from "./services/drivers";
import { Efa, EfaProof } from "./services/efa";
import { EngineEnvironment } from "./services/engine-environment";
import { Firewall } from "./services/firewall";
import { Gateway } from "./services/gateway";
import { LoadTest } from "./services/load-test";
import { ModelWeights } from "./services/model-weights";
import { Preparation } from "./services/preparation";
import { startServers } from "./services/servers";
import { Stop } from "./services/stop";
import { UnusedWeights } from "./services/unused-weights";
import { Verification } from "./services/verification";
import { stackOutputs } from "./stack-outputs";

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
  const preparation = new Preparation("preparation", { plan, hosts });
  const { nodes } = preparation;
  const firewall = new Firewall("firewall", { plan, nodes }, { dependsOn: preparation });
  const drivers = new Drivers("drivers", { plan, nodes }, { dependsOn: preparation });
  const efa = new Efa("efa", { plan, nodes }, { dependsOn: drivers });
  // A component without resources, as EFA's is in most plans, is waited for by nobody.
  const engine = new EngineEnvironment("engine", { plan, nodes }, { dependsOn: [drivers, efa] });
  const weights = new ModelWeights("weights", { plan, nodes, secrets }, { dependsOn: engine });
  const gateway = new Gateway("gateway", { plan, nodes, secrets }, { dependsOn: [weights, firewall] });
  const { services: servers, last } = startServers({ plan, nodes, gateway });
  const verification = new Verification(
    "verification",
    { plan, nodes, gateway, servers },
    { dependsOn: [...last] },
  );
  new EfaProof("efa-proof", { plan, nodes, servers }, { dependsOn: verification });
  if (deployment.model.removeUnused) {
    new UnusedWeights("unused-weights", { plan, nodes }, { dependsOn: verification });
  }
  new Stop("stop", { plan, nodes }, { dependsOn: verification });
  const load = new LoadTest("load", { plan, nodes, servers }, { dependsOn: verification });

  return stackOutputs({ plan, nodes, servers, gateway, verification, load });
}
