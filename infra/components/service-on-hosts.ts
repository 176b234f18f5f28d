import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../../lib/strategy";
import { deployServices } from "../deploy-services";
import { type Bastion, bastionOf } from "../hosts/bastion";
import { existingHost } from "../hosts/given-hosts";
import type { Host } from "../hosts/host";
import { stackOutputs } from "../stack-outputs";
import { planOf, type ServiceArgs, secretsOf } from "./service-args";

/** A machine that the program has, from wherever: its address and key may be outputs of other resources. */
export interface GivenHost {
  readonly address: pulumi.Input<string>;
  /** Address that the other hosts use. Default: address. */
  readonly privateAddress?: pulumi.Input<string>;
  /** SSH port. Default: 22. */
  readonly port?: number;
  /** SSH user: root, or one with password-free sudo. Default: root. */
  readonly user?: string;
  readonly privateKey: pulumi.Input<string>;
  /** Public host key such as `ssh-ed25519 AAAA...`. Always verified. */
  readonly hostKey: pulumi.Input<string>;
}

export interface ServiceOnHostsArgs extends ServiceArgs {
  readonly hosts: readonly GivenHost[];
}

/** The schema wants hosts that are known now; which they are is known later. */
const LATER = { address: "known-later", hostKey: `ssh-ed25519 ${"A".repeat(68)}` };

/**
 * A model as a service on hosts that the program has: drivers, Ray, vLLM and the TLS gateway as planned, ending with a
 * completion. The plan is asserted first; one that fails ends the program with a line for each requirement.
 */
export class ServiceOnHosts extends pulumi.ComponentResource {
  readonly plan: Plan;
  /** Base URL for clients. */
  readonly endpoint: pulumi.Output<string>;
  /** PEM certificates with which clients verify the gateway; empty with a public certificate. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** The command that prints the clients' key. */
  readonly apiKeyCommand: pulumi.Output<string>;
  /** What the last completion was. */
  readonly completion: pulumi.Output<unknown>;

  constructor(name: string, args: ServiceOnHostsArgs, opts?: pulumi.ComponentResourceOptions) {
    const nodes = args.hosts.length;
    const { hardware } = args.deployment;
    const plan = planOf({
      ...args.deployment,
      hardware: { ...hardware, nodes },
      hosts: args.hosts.map(() => LATER),
    });
    super("shardplan:index:ServiceOnHosts", name, {}, opts);
    this.plan = plan;
    const secrets = secretsOf(args, args.hosts[0]?.privateKey);
    const bastion = bastionOf(plan.deployment, secrets);
    const deployed = deployServices({
      plan,
      hosts: args.hosts.map((host, index) => hostOf(host, `${name}-node-${index}`, bastion)),
      secrets,
      prefix: `${name}-`,
      parent: this,
    });
    const outputs = stackOutputs(deployed);
    this.endpoint = pulumi.output(outputs.endpoint ?? "");
    this.certificateAuthority = outputs.certificateAuthority;
    this.apiKeyCommand = outputs.apiKeyCommand;
    this.completion = outputs.completion;
    this.registerOutputs({ endpoint: this.endpoint, completion: this.completion });
  }
}

function hostOf(host: GivenHost, name: string, bastion: Bastion | undefined): Host {
  const { address, port = 22, user = "root" } = host;
  const label = pulumi.interpolate`${name} (${address})`;
  return existingHost(
    { ...host, name, label, port, user, privateKey: pulumi.secret(host.privateKey) },
    bastion,
  );
}
