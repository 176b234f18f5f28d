import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../../lib/strategy";

export interface NetworkArgs {
  readonly plan: Plan;
}

/** Everywhere. */
const ANYWHERE = "0.0.0.0/0";

/** VPC with one public subnet, and the security group of the nodes. */
export class Network extends pulumi.ComponentResource {
  readonly subnetId: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;

  constructor(name: string, { plan }: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Network", name, {}, opts);
    const child = { parent: this };
    const { aws: settings } = plan.deployment;
    const vpc = new aws.ec2.Vpc(
      `${name}-vpc`,
      { cidrBlock: settings.vpcCidr, enableDnsHostnames: true, tags: { Name: name } },
      child,
    );
    const internet = new aws.ec2.InternetGateway(`${name}-internet`, { vpcId: vpc.id }, child);
    const subnet = new aws.ec2.Subnet(
      `${name}-subnet`,
      {
        vpcId: vpc.id,
        cidrBlock: settings.vpcCidr,
        availabilityZone: settings.availabilityZone ?? this.zoneThatOffers(plan.instance.name),
      },
      // The order in which AWS lists zones must not move a running machine.
      { ...child, ignoreChanges: settings.availabilityZone === undefined ? ["availabilityZone"] : [] },
    );
    const routes = new aws.ec2.RouteTable(`${name}-routes`, { vpcId: vpc.id }, child);
    const route = new aws.ec2.Route(
      `${name}-route`,
      { routeTableId: routes.id, destinationCidrBlock: ANYWHERE, gatewayId: internet.id },
      child,
    );
    const association = new aws.ec2.RouteTableAssociation(
      `${name}-association`,
      { subnetId: subnet.id, routeTableId: routes.id },
      { ...child, dependsOn: route },
    );
    // An instance without a way out would not publish its host key.
    this.subnetId = pulumi.all([subnet.id, association.id]).apply(([id]) => id);
    this.securityGroupId = this.openOnlyWhatIsNeeded(name, plan, vpc.id);
    this.registerOutputs({ subnetId: this.subnetId, securityGroupId: this.securityGroupId });
  }

  private zoneThatOffers(instanceType: string): pulumi.Output<string> {
    const offers = aws.ec2.getInstanceTypeOfferingsOutput(
      { locationType: "availability-zone", filters: [{ name: "instance-type", values: [instanceType] }] },
      { parent: this },
    );
    return offers.locations.apply((zones) => {
      const [first] = [...zones].sort();
      if (first === undefined) {
        throw new pulumi.RunError(
          `aws.region: no availability zone offers ${instanceType}; set shardplan:aws.region to one that does`,
        );
      }
      return first;
    });
  }

  private openOnlyWhatIsNeeded(
    name: string,
    plan: Plan,
    vpcId: pulumi.Output<string>,
  ): pulumi.Output<string> {
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
    allow("ssh", SSH_PORT, settings.sshAllowedCidrs);
    // Ray and NCCL use ports of their own choice among the nodes; EFA needs the whole group open to itself.
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
    return group.id;
  }
}

const SSH_PORT = 22;
