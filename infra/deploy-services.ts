import type * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../lib/strategy";
import type { Secrets } from "./configuration";
import type { Host } from "./hosts/host";
import { Drivers } from "./services/drivers";
import { Efa, EfaProof } from "./services/efa";
import { EngineEnvironment } from "./services/engine-environment";
import { Firewall } from "./services/firewall";
import { Gateway } from "./services/gateway";
import { LoadTest } from "./services/load-test";
import { ModelWeights } from "./services/model-weights";
import { Monitoring } from "./services/monitoring";
import { Preparation } from "./services/preparation";
import { Publisher } from "./services/publisher";
import { startServers } from "./services/servers";
import { Stop } from "./services/stop";
import { UnusedWeights } from "./services/unused-weights";
import { Verification } from "./services/verification";
import type { Deployed } from "./stack-outputs";

/** What services are made of, and where they belong: names of the program's own stack have no prefix and no parent. */
export interface ServicesArgs {
  readonly plan: Plan;
  readonly hosts: readonly Host[];
  readonly secrets: Secrets;
  readonly prefix?: string;
  readonly parent?: pulumi.Resource;
}

/** Everything that runs on the hosts, from packages to the proof by a completion. */
export function deployServices({ plan, hosts, secrets, prefix = "", parent }: ServicesArgs): Deployed {
  const name = (part: string) => `${prefix}${part}`;
  const within = parent === undefined ? {} : { parent };
  const after = (...dependsOn: pulumi.Resource[]) => ({ ...within, dependsOn });
  const preparation = new Preparation(name("preparation"), { plan, hosts }, within);
  const { nodes } = preparation;
  const firewall = new Firewall(name("firewall"), { plan, nodes }, after(preparation));
  const drivers = new Drivers(name("drivers"), { plan, nodes }, after(preparation));
  const efa = new Efa(name("efa"), { plan, nodes }, after(drivers));
  // A component without resources, as EFA's is in most plans, is waited for by nobody.
  const engine = new EngineEnvironment(name("engine"), { plan, nodes }, after(drivers, efa));
  const weights = new ModelWeights(name("weights"), { plan, nodes, secrets }, after(engine));
  const gateway = new Gateway(name("gateway"), { plan, nodes, secrets }, after(weights, firewall));
  const { services: servers, last } = startServers({ plan, nodes, gateway, prefix, within });
  const proven = after(...last);
  const verification = new Verification(name("verification"), { plan, nodes, gateway, servers }, proven);
  new EfaProof(name("efa-proof"), { plan, nodes, servers }, after(verification));
  if (plan.deployment.model.removeUnused) {
    new UnusedWeights(name("unused-weights"), { plan, nodes }, after(verification));
  }
  const stop = new Stop(name("stop"), { plan, nodes }, after(verification));
  const load = new LoadTest(name("load"), { plan, nodes, servers }, after(verification));
  // Last: the engine starts nothing more after what fails, and this may.
  const monitoring = new Monitoring(
    name("monitoring"),
    { plan, nodes, secrets },
    after(verification, stop, load),
  );
  const publisher = new Publisher(name("publisher"), { plan, nodes }, after(monitoring));
  return { plan, nodes, servers, gateway, verification, load, publisher };
}
