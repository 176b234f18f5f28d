import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../../lib/config";
import type { Plan } from "../../lib/strategy";
import type { Secrets } from "../configuration";
import type { Host } from "../hosts/host";
import { GpuNode } from "./gpu-node";
import { UNPUBLISHED } from "./host-key";
import { InstanceRole } from "./instance-role";
import { Network } from "./network";
import { sshKeyOf } from "./ssh-key";

export interface AwsHostsArgs {
  readonly plan: Plan;
  readonly secrets: Secrets;
}

/** The plan's machines on AWS: as many instances of the planned type as the plan has nodes, and what they stand in. */
export class AwsHosts extends pulumi.ComponentResource {
  readonly hosts: readonly Host[];

  constructor(name: string, { plan, secrets }: AwsHostsArgs, opts?: pulumi.ComponentResourceOptions) {
    const stack = `${pulumi.getProject()}-${pulumi.getStack()}`;
    requireWayIn(plan.deployment);
    const key = sshKeyOf(plan.deployment, secrets);
    const provider = new aws.Provider(name, {
      region: plan.deployment.aws.region as aws.Region,
      defaultTags: { tags: { "shardplan:stack": stack } },
    });
    super("shardplan:infra:AwsHosts", name, {}, { ...opts, providers: [provider] });
    const child = { parent: this };
    const network = new Network(`${name}-network`, { plan }, child);
    const names = Array.from({ length: plan.deployment.hardware.nodes }, (_, index) => `node-${index}`);
    const parameters = names.map(
      (node) =>
        new aws.ssm.Parameter(
          `${name}-${node}-host-key`,
          { name: `/shardplan/${stack}/host-key/${node}`, type: "String", value: UNPUBLISHED },
          // The machine writes it.
          { ...child, ignoreChanges: ["value"] },
        ),
    );
    const role = new InstanceRole(
      `${name}-role`,
      { plan, hostKeyParameters: parameters.map((parameter) => parameter.arn) },
      child,
    );
    const keyPair = new aws.ec2.KeyPair(`${name}-key`, { publicKey: key.publicKey }, child);
    const placement =
      // The machines of a capacity block stand close together already, and are not placed by their buyer.
      names.length > 1 && !plan.deployment.aws.capacityBlock
        ? new aws.ec2.PlacementGroup(`${name}-placement`, { strategy: "cluster" }, child)
        : undefined;
    this.hosts = parameters.map(
      (parameter, index) =>
        new GpuNode(
          `${name}-node-${index}`,
          {
            plan,
            index,
            subnetId: network.subnetId,
            securityGroupId: network.securityGroupId,
            profileName: role.profileName,
            keyName: keyPair.keyName,
            placementGroup: placement?.name,
            hostKeyParameter: parameter,
            privateKey: key.privateKey,
          },
          child,
        ).host,
    );
    this.registerOutputs({ addresses: this.hosts.map((host) => host.address) });
  }
}

/**
 * Stops before a machine is paid for that the program could not reach: with no range open to SSH it would wait for
 * the machine in vain. A preview only warns, because it reaches nothing.
 */
function requireWayIn({ aws: { sshAllowedCidrs } }: Deployment): void {
  if (sshAllowedCidrs.length > 0) return;
  const message =
    "aws.sshAllowedCidrs: is empty, so the instances could not be reached; set it to this machine's public address, " +
    "for example: pulumi config set --path 'shardplan:aws.sshAllowedCidrs[0]' 203.0.113.7/32";
  if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(message);
  pulumi.log.warn(message);
}
