import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { CHECKS, type Deployment } from "../../lib/config";
import { isLogged, usesEfa } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { check } from "../checks/finding";
import { lookAtHub } from "../checks/hub";
import type { Secrets } from "../configuration";
import { type Bastion, bastionOf } from "../hosts/bastion";
import type { Host, HostsScope } from "../hosts/host";
import { accountName, logGroupName } from "../stack-names";
import { accountLooks } from "./checks/looks";
import { pricingRegion } from "./checks/price";
import { mayHaveCredentials } from "./credentials";
import { GpuNode } from "./gpu-node";
import { UNPUBLISHED } from "./host-key";
import { InstanceRole } from "./instance-role";
import { refuseToLose, replacements, runningMachines, sayRisk } from "./machines";
import { Network } from "./network";
import { existingSubnets, type Subnet } from "./place";
import { accountProvider } from "./provider";
import { sshKeyOf } from "./ssh-key";
import { chooseZone, subnetOf } from "./zones";

export interface AwsHostsArgs {
  readonly plan: Plan;
  readonly secrets: Secrets;
  readonly provider: pulumi.ProviderResource;
  /** What stands before the names of machines. */
  readonly prefix: string;
  /** Availability zone of the machines. */
  readonly zone: string;
  /** The existing subnet of the machines. */
  readonly subnet?: Subnet;
  /** A preview without credentials: the account is not asked for anything. */
  readonly isOffline: boolean;
  /** The way to machines that this machine does not reach. */
  readonly bastion?: Bastion;
}

/** Looks at what the account has of this stack and whether it may have more, then registers the plan's machines. */
export async function awsHosts(
  plan: Plan,
  secrets: Secrets,
  { prefix = "", parent, provider: given }: HostsScope = {},
): Promise<readonly Host[]> {
  const name = `${prefix}aws`;
  const within = parent === undefined ? {} : { parent };
  requireEfa(plan);
  requireWayIn(plan.deployment);
  const { region, tags } = plan.deployment.aws;
  // Only a preview can do without an account.
  const isOffline = pulumi.runtime.isDryRun() && !mayHaveCredentials();
  const provide = (as: string, where: string) =>
    accountProvider(
      as,
      { region: where, tags: { ...tags, "shardplan:stack": accountName() } },
      !isOffline,
      within,
    );
  const provider = given ?? provide(name, region);
  const pricing = pricingRegion(region);
  const prices = { provider: pricing === region ? provider : provide(`${name}-prices`, pricing) };
  const account = { provider };
  const machines = isOffline ? [] : await runningMachines(account);
  refuseToLose(machines, plan);
  await sayRisk(machines, plan);
  const subnets = isOffline
    ? subnetsUnseen(plan.deployment)
    : await existingSubnets(plan.deployment, account);
  const zone = isOffline
    ? zoneUnseen(plan.deployment.aws)
    : await chooseZone(plan, { machines, subnets }, account);
  const missing = plan.deployment.hardware.nodes - machines.length;
  const bastion = bastionOf(plan.deployment, secrets);
  const isAsked = !isOffline && (missing > 0 || replacements(machines, plan).length > 0);
  const looks = isAsked ? accountLooks({ plan, zone, missing, account, prices, bastion }) : {};
  await check({ hub: () => lookAtHub(plan.deployment, secrets), ...looks }, plan.deployment);
  if (isOffline) await sayUnseen(zone);
  const subnet = subnetOf(subnets, zone);
  const args = { plan, secrets, provider, prefix, zone, subnet, isOffline, bastion };
  return new AwsHosts(name, args, within).hosts;
}

/** Where the machines would be if the account were asked and had them in the first zone. */
const zoneUnseen = ({ availabilityZone, region }: Deployment["aws"]): string =>
  availabilityZone ?? `${region}a`;

const subnetsUnseen = ({ aws: settings }: Deployment): readonly Subnet[] =>
  settings.subnetIds.map((id) => ({ id, vpcId: "vpc-unseen", availabilityZone: zoneUnseen(settings) }));

async function sayUnseen(zone: string): Promise<void> {
  const unmade = CHECKS.filter((name) => name !== "hub");
  await pulumi.log.warn(
    `no AWS credentials are in sight (aws configure, AWS_PROFILE, pulumi config set aws:profile): the preview shows what ` +
      `an empty account would get in ${zone}; checks that could not be made: ${unmade.join(", ")}`,
  );
}

/** The plan's machines on AWS: as many instances of the planned type as the plan has nodes, and what they stand in. */
export class AwsHosts extends pulumi.ComponentResource {
  readonly hosts: readonly Host[];

  constructor(
    name: string,
    { plan, secrets, provider, prefix, zone, subnet, isOffline, bastion }: AwsHostsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("shardplan:infra:AwsHosts", name, {}, { ...opts, providers: [provider] });
    const child = { parent: this };
    const stack = accountName();
    const key = sshKeyOf(plan.deployment, secrets);
    const network = new Network(`${name}-network`, { plan, zone, subnet }, child);
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
    const logGroup = this.logGroup(name, plan);
    const role = this.role(name, plan, parameters, logGroup);
    // Both are named here, not by their resources: a new SSH key, and a second machine, leave the first one as it is.
    const keyName = stack;
    const keyPair = new aws.ec2.KeyPair(
      `${name}-key`,
      { keyName, publicKey: key.publicKey },
      // Two keys of one name cannot stand beside each other. Running machines do not need it.
      { ...child, deleteBeforeReplace: true },
    );
    const placement = new aws.ec2.PlacementGroup(
      `${name}-placement`,
      { name: stack, strategy: "cluster" },
      child,
    );
    // The machines of a reservation stand where the reservation is, and are not placed by their user.
    const placementGroup = plan.deployment.aws.capacityReservationId === undefined ? stack : undefined;
    const machines = parameters.map(
      (parameter, index) =>
        new GpuNode(
          `${name}-node-${index}`,
          {
            plan,
            provider,
            index,
            prefix,
            zone,
            subnetId: network.subnetId,
            securityGroupId: network.securityGroupId,
            profileName: role?.profileName ?? plan.deployment.aws.instanceProfile,
            keyName,
            placementGroup,
            hostKeyParameter: parameter,
            privateKey: key.privateKey,
            isOffline,
            bastion,
          },
          // Whatever ends a machine comes before all it needs: where it may not end, nothing is taken from under it.
          { ...child, dependsOn: [keyPair, placement, network, ...(role === undefined ? [] : [role])] },
        ).host,
    );
    this.hosts = machines.map((host) => ({
      ...host,
      ...(logGroup === undefined ? {} : { logGroup: logGroup.name }),
    }));
    this.pointName(name, plan);
    this.registerOutputs({ addresses: this.hosts.map((host) => host.address) });
  }

  /** The record of the gateway's name, where the stack says in which zone it is. */
  private pointName(name: string, plan: Plan): void {
    const { domain, hostedZoneId: zoneId } = plan.deployment.gateway;
    const [first] = this.hosts;
    if (domain === undefined || zoneId === undefined || first === undefined) return;
    new aws.route53.Record(
      `${name}-record`,
      { zoneId, name: domain, type: "A", ttl: 60, records: [first.address] },
      { parent: this },
    );
  }

  /** The machines' role, unless there is a profile for them. */
  private role(
    name: string,
    plan: Plan,
    parameters: readonly aws.ssm.Parameter[],
    logGroup: aws.cloudwatch.LogGroup | undefined,
  ): InstanceRole | undefined {
    if (plan.deployment.aws.instanceProfile !== undefined) return undefined;
    const hostKeyParameters = parameters.map((parameter) => parameter.arn);
    return new InstanceRole(
      `${name}-role`,
      { plan, hostKeyParameters, ...(logGroup === undefined ? {} : { logGroup: logGroup.arn }) },
      { parent: this },
    );
  }

  /** Where the machines send their logs: there before any of them is, and named in what sends them. */
  private logGroup(name: string, plan: Plan): aws.cloudwatch.LogGroup | undefined {
    if (!isLogged(plan)) return undefined;
    return new aws.cloudwatch.LogGroup(
      `${name}-logs`,
      {
        name: logGroupName(accountName()),
        retentionInDays: plan.deployment.monitoring.cloudWatch.logDays,
      },
      { parent: this },
    );
  }
}

/**
 * Stops before a machine is paid for that the program could not reach: with no range open to SSH it would wait for
 * the machine in vain. A preview only warns, because it reaches nothing.
 */
function requireWayIn({ aws: { sshAllowedCidrs }, bastion }: Deployment): void {
  if (sshAllowedCidrs.length > 0) return;
  const whose =
    bastion.address === undefined
      ? "this machine's public address"
      : "the bastion's address as the machines see it";
  const message =
    `aws.sshAllowedCidrs: is empty, so the instances could not be reached; set it to ${whose}, ` +
    "for example: pulumi config set --path 'shardplan:aws.sshAllowedCidrs[0]' 203.0.113.7/32";
  if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(message);
  pulumi.log.warn(message);
}

/** A plan that counts on EFA between machines that have none would be slower than it says. */
function requireEfa(plan: Plan): void {
  if (!usesEfa(plan) || plan.instance.efaInterfaces > 0) return;
  throw new pulumi.RunError(
    `hardware.network: is efa, and a ${plan.instance.name} has no such interface; plan with tcp ` +
      "(pulumi config set --path shardplan:hardware.network tcp), or choose a type that has it",
  );
}
