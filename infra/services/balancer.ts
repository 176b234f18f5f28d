import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  balancerConfig,
  balancerUnit,
  engineServers,
  hostPaths,
  listenAddress,
  PORTS,
  UNITS,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import type { Secrets } from "../configuration";
import { remoteStep } from "../remote-step";
import { derivedSecret } from "./derived-secret";
import { headOf, type Node, nodesOf } from "./node";

export interface BalancerArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly secrets: Secrets;
}

/**
 * The balancer on the first node, between the gateway and the servers of vLLM: checks the clients' keys and knows who
 * serves. It stands before the servers do, so that each can be proven to be taken in before the next one restarts.
 */
export class Balancer extends pulumi.ComponentResource {
  /** The key by which servers know it; clients never see it. */
  readonly engineKey: pulumi.Output<string>;
  /** Changes when the clients' keys do, and says nothing of them. */
  readonly keyId: pulumi.Output<string>;
  /** Changes with each start that a step has made. */
  readonly start: pulumi.Output<string>;

  constructor(name: string, args: BalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Balancer", name, {}, opts);
    const { plan, nodes, secrets } = args;
    const { host } = headOf(nodes);
    const addresses = engineServers(plan).map((server) =>
      headOf(nodesOf(nodes, server)).address.apply((address) => listenAddress(server, address)),
    );
    this.engineKey = derivedSecret(nodes, "shardplan: key of the engine");
    const step = remoteStep(
      `${host.name}-balancer`,
      {
        host,
        step: "balancer",
        result: z.object({ keyId: z.string(), start: z.string() }),
        removable: true,
        parameters: {
          UNIT: UNITS.balancer,
          UNIT_TEXT: balancerUnit(plan),
          CONFIG_FILE: hostPaths(plan).balancer,
          CONFIG: pulumi.all(addresses).apply((all) => balancerConfig(plan, all)),
          KEYS_FILE: hostPaths(plan).clientKeys,
          PORT: PORTS.balancer,
          ENGINE_KEY: this.engineKey,
          API_KEY: secrets.apiKey ?? "",
          API_KEYS: secrets.apiKeys?.apply(keyLines) ?? "",
        },
      },
      { parent: this },
    );
    // The step's input holds keys, so the engine may take all that comes out for secret.
    const found = pulumi.unsecret(step.result);
    this.keyId = found.apply(({ keyId }) => keyId);
    this.start = found.apply(({ start }) => start);
    this.registerOutputs({});
  }
}

/** What a bearer token may have, and what the balancer's file can keep beside it. */
const KEY = /^[A-Za-z0-9._~+/=-]{8,}$/;
const NAME = /^[A-Za-z0-9._-]+$/;

/** Lines of a key and its name, as the balancer reads them. */
export function keyLines(keys: Readonly<Record<string, string>>): string {
  for (const [name, key] of Object.entries(keys)) {
    if (!NAME.test(name))
      throw new pulumi.RunError(`shardplan:apiKeys: ${name} is no name; use letters, digits and . _ -`);
    if (!KEY.test(key))
      throw new pulumi.RunError(
        `shardplan:apiKeys.${name}: is no bearer token; use at least 8 letters, digits and . _ ~ + / = -`,
      );
  }
  return Object.entries(keys)
    .map(([name, key]) => `${key} ${name}`)
    .sort()
    .join("\n");
}
