import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { endpointUrl, gatewayConfig, gatewayUnit, UNITS } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import { headOf, type Node } from "./node";

export interface GatewayArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/** The TLS gateway on the first node: the only port that clients reach. */
export class Gateway extends pulumi.ComponentResource {
  /** Base URL for clients. */
  readonly endpoint: pulumi.Output<string>;
  /** PEM certificate with which clients verify the gateway; empty with a public certificate. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** Changes with each start that a step has made. */
  readonly start: pulumi.Output<string>;

  constructor(name: string, { plan, nodes }: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Gateway", name, {}, opts);
    const { host } = headOf(nodes);
    const address = pulumi.output(host.address);
    const step = remoteStep(
      `${host.name}-gateway`,
      {
        host,
        step: "gateway",
        result: z.object({ certificateAuthority: z.string(), start: z.string() }),
        removable: true,
        parameters: {
          UNIT: UNITS.gateway,
          UNIT_TEXT: gatewayUnit(plan),
          CADDYFILE: address.apply((text) => gatewayConfig(plan, text)),
          PORT: plan.deployment.gateway.port,
          CERTIFICATE: certificateKind(plan),
        },
      },
      { parent: this },
    );
    this.start = step.result.apply((found) => found.start);
    this.endpoint = address.apply((text) => endpointUrl(plan, text));
    this.certificateAuthority = step.result.apply((found) => found.certificateAuthority);
    this.registerOutputs({ endpoint: this.endpoint });
  }
}

/** A public certificate where there is a name to prove, else one of the gateway's own. */
export const certificateKind = ({ deployment: { gateway } }: Plan): "acme" | "internal" =>
  gateway.domain === undefined ? "internal" : "acme";
