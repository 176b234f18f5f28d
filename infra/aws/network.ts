import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { CHALLENGE_PORT, provesName, usesEfa } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import type { Subnet } from "./place";
import { zoneCidr } from "./zones";

export interface NetworkArgs {
  readonly plan: Plan;
  /** Availability zone of the machines. */
  readonly zone: string;
  /** The existing subnet of the machines; absent where the program makes its own. */
  readonly subnet?: Subnet;
}

interface Place {
  readonly subnetId: pulumi.Input<string>;
  readonly vpcId: pulumi.Input<string>;
}

/** Everywhere. */
const ANYWHERE = "0.0.0.0/0";

/** VPC with one public subnet in the machines' zone, unless there is one, and the security group of the nodes. */
export class Network extends pulumi.ComponentResource {
  readonly subnetId: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Network", name, {}, opts);
    const { subnetId, vpcId } = this.place(name, args);
    this.subnetId = pulumi.output(subnetId);
    this.securityGroupId = this.openOnlyWhatIsNeeded(name, args.plan, vpcId);
    this.registerOutputs({ subnetId: this.subnetId, securityGroupId: this.securityGroupId });
  }

  /** Where the machines stand. */
  private place(name: string, { plan, zone, subnet: existing }: NetworkArgs): Place {
    if (existing !== undefined) return { subnetId: existing.id, vpcId: existing.vpcId };
    const child = { parent: this };
    const { aws: settings } = plan.deployment;
    const vpc = new aws.ec2.Vpc(
      `${name}-vpc`,
      { cidrBlock: settings.vpcCidr, enableDnsHostnames: true, tags: { Name: name } },
      child,
    );
    const internet = new aws.ec2.InternetGateway(`${name}-internet`, { vpcId: vpc.id }, child);
    // Named after the zone: with another one the new subnet stands beside the old one until that is empty.
    const subnet = new aws.ec2.Subnet(
      `${name}-subnet-${zone}`,
      { vpcId: vpc.id, cidrBlock: zoneCidr(settings.vpcCidr, zone), availabilityZone: zone },
      child,
    );
    const routes = new aws.ec2.RouteTable(`${name}-routes`, { vpcId: vpc.id }, child);
    const route = new aws.ec2.Route(
      `${name}-route`,
      { routeTableId: routes.id, destinationCidrBlock: ANYWHERE, gatewayId: internet.id },
      child,
    );
    const association = new aws.ec2.RouteTableAssociation(
      `${name}-association-${zone}`,
      { subnetId: subnet.id, routeTableId: routes.id },
      { ...child, dependsOn: route },
    );
    // An instance without a way out would not publish its host key.
    const subnetId = pulumi.all([subnet.id, association.id]).apply(([id]) => id);
    return { subnetId, vpcId: vpc.id };
  }

  private openOnlyWhatIsNeeded(name: string, plan: Plan, vpcId: pulumi.Input<string>): pulumi.Output<string> {
    const child = { parent: this };
    const { gateway, aws: settings } = plan.deployment;
    const group = new aws.ec2.SecurityGroup(
      `${name}-nodes`,
      { vpcId, description: "shardplan nodes: gateway, SSH from the operator, and each other" },
      child,
    );
    const securityGroupId = group.id;
    const allow = (what: string, port: number, cidrs: readonly string[]) => {
      for (const cidrIpv4 of cidrs) {
        new aws.vpc.SecurityGroupIngressRule(
          `${name}-${what}-${cidrIpv4}`,
          { securityGroupId, cidrIpv4, ipProtocol: "tcp", fromPort: port, toPort: port },
          child,
        );
      }
    };
    allow("gateway", gateway.port, gateway.allowedCidrs);
    if (provesName(plan)) allow("certificate", CHALLENGE_PORT, [ANYWHERE]);
    allow("ssh", SSH_PORT, settings.sshAllowedCidrs);
    // Ray and NCCL use ports of their own choice among the nodes.
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-among-nodes`,
      { securityGroupId, referencedSecurityGroupId: group.id, ipProtocol: "-1" },
      child,
    );
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-out`,
      { securityGroupId, cidrIpv4: ANYWHERE, ipProtocol: "-1" },
      child,
    );
    // What EFA sends has no address, so that a range does not let it out: the group has to be named, both ways.
    if (usesEfa(plan)) {
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-out-to-nodes`,
        { securityGroupId, referencedSecurityGroupId: group.id, ipProtocol: "-1" },
        child,
      );
    }
    return group.id;
  }
}

const SSH_PORT = 22;
