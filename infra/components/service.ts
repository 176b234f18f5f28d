import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../../lib/strategy";
import type { Secrets } from "../configuration";
import { deployServices } from "../deploy-services";
import { provideHosts } from "../provide-hosts";
import { refuseKnownHoles } from "../refuse-known-holes";
import { stackOutputs } from "../stack-outputs";
import { watchInCloud } from "../watch-in-cloud";
import { planOf, type ServiceArgs, secretsOf } from "./service-args";

export interface WholeServiceArgs extends ServiceArgs {
  /** Private key by which the program reaches the machines: OpenSSH or PEM, unencrypted. */
  readonly sshPrivateKey: pulumi.Input<string>;
}

interface Asked {
  readonly name: string;
  readonly plan: Plan;
  readonly secrets: Secrets;
}

/** What a service has once it is up. */
export interface ServiceOutputs {
  readonly endpoint: pulumi.Output<string> | undefined;
  readonly certificateAuthority: pulumi.Output<string>;
  readonly apiKeyCommand: pulumi.Output<string>;
  readonly completion: pulumi.Output<unknown>;
}

/**
 * A model as a service on machines of its own: those of `deployment.hosts`, or new ones on AWS. A provider that is given is
 * the account's; else there is one by the stack's `aws:` keys. Machines on AWS are named by the stack: one such service a
 * stack. The plan is asserted first; one that fails ends the program with a line for each requirement.
 */
export class Service extends pulumi.ComponentResource<ServiceOutputs> {
  readonly plan: Plan;
  /** Base URL for clients. */
  readonly endpoint: pulumi.Output<string>;
  /** PEM certificates with which clients verify the gateway; empty with a public certificate. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** The command that prints the clients' key. */
  readonly apiKeyCommand: pulumi.Output<string>;
  /** What the last completion was. */
  readonly completion: pulumi.Output<unknown>;

  constructor(name: string, args: WholeServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    const plan = planOf(args.deployment);
    super(
      "shardplan:index:Service",
      name,
      { name, plan, secrets: secretsOf(args, args.sshPrivateKey) },
      opts,
    );
    this.plan = plan;
    const outputs = pulumi.output(this.getData());
    this.endpoint = outputs.apply(({ endpoint }) => endpoint ?? "");
    this.certificateAuthority = outputs.certificateAuthority;
    this.apiKeyCommand = outputs.apiKeyCommand;
    this.completion = outputs.apply(({ completion }) => completion);
  }

  /** Runs before the fields above are there, and makes all resources: what depends on the service waits for it. */
  protected override async initialize({ name, plan, secrets }: Asked): Promise<ServiceOutputs> {
    await refuseKnownHoles(plan.deployment);
    const prefix = `${name}-`;
    const provider = this.getProvider("aws:ec2/instance:Instance");
    const hosts = await provideHosts(plan, secrets, { prefix, parent: this, provider });
    const deployed = deployServices({ plan, hosts, secrets, prefix, parent: this });
    await watchInCloud({ ...deployed, hosts, prefix, parent: this });
    const outputs = stackOutputs(deployed);
    this.registerOutputs({ endpoint: outputs.endpoint, completion: outputs.completion });
    return outputs;
  }
}
