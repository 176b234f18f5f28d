import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { FIREWALL_TABLE, firewallRules, firewallUnit, hostPaths, openPorts, UNITS } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import type { Node } from "./node";

export interface FirewallArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/** Closes given hosts to all but each other, SSH and the gateway. Machines of the stack's own have a security group. */
export class Firewall extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: FirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Firewall", name, {}, opts);
    const { firewall } = plan.deployment;
    const addresses = pulumi.all(nodes.map((node) => node.addresses)).apply((all) => all.flat());
    const given = firewall.enabled ? nodes.filter(({ host }) => host.machine === undefined) : [];
    for (const { host } of given) {
      remoteStep(
        `${host.name}-firewall`,
        {
          host,
          step: "firewall",
          result: z.object({}),
          removable: true,
          parameters: {
            UNIT: UNITS.firewall,
            UNIT_TEXT: firewallUnit(plan),
            RULES_FILE: hostPaths(plan).firewallRules,
            RULES: addresses.apply((all) => firewallRules(plan, host, all)),
            TABLE: FIREWALL_TABLE,
            OPEN_PORTS: openPorts(plan, host).join(" "),
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
