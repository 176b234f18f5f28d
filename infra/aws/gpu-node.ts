import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { networkInterfaces, usesEfa } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import type { Bastion } from "../hosts/bastion";
import type { Host } from "../hosts/host";
import { hostKeyOf, publishHostKeyScript, UNPUBLISHED } from "./host-key";
import { IMAGE_PARAMETER } from "./image";
import { NODE_TAG, nodeTag } from "./machines";
import { onlyMachineOf } from "./only-machine";

export interface GpuNodeArgs {
  readonly plan: Plan;
  readonly provider: pulumi.ProviderResource;
  readonly index: number;
  /** What stands before its name. */
  readonly prefix: string;
  readonly zone: string;
  readonly subnetId: pulumi.Input<string>;
  readonly securityGroupId: pulumi.Input<string>;
  readonly profileName?: pulumi.Input<string>;
  readonly keyName: string;
  /** Absent in a capacity reservation. */
  readonly placementGroup?: string;
  /** Where the instance publishes its host key. */
  readonly hostKeyParameter: aws.ssm.Parameter;
  readonly privateKey: pulumi.Output<string>;
  /** A preview without credentials: the account is not asked for anything. */
  readonly isOffline: boolean;
  /** The way to the machine where this one does not reach it. */
  readonly bastion?: Bastion;
}

const SSH_USER = "ubuntu";
const SSH_PORT = 22;

/**
 * Failed dials before a step gives up: two minutes when SSH refuses, ten when nothing answers (15 s each), as when
 * `aws.sshAllowedCidrs` lacks this machine. The boot is not in it: a machine that has published its host key answers.
 */
const DIAL_ERROR_LIMIT = 30;

/** A machine that AWS ends comes back with the next `up`, not by itself. */
const SPOT = {
  marketType: "spot",
  spotOptions: { spotInstanceType: "one-time", instanceInterruptionBehavior: "terminate" },
};

/** The image of AWS when the machine is made. */
function newestImage({ isOffline }: GpuNodeArgs, opts: pulumi.InvokeOptions): pulumi.Input<string> {
  if (isOffline) return "ami-unseen";
  // The insecure value is the same text, which the provider does not hide in the diff.
  return aws.ssm.getParameterOutput({ name: IMAGE_PARAMETER }, opts).insecureValue;
}

/**
 * Where the machine stands. EFA cannot be attached to a machine that runs, so it comes with the launch template, which then
 * says all of the network: EC2 takes no subnet and no group of the machine beside it.
 */
function place({ plan, subnetId, securityGroupId }: GpuNodeArgs): Partial<aws.ec2.InstanceArgs> {
  if (usesEfa(plan)) return {};
  // A subnet may give public addresses to all machines in it.
  const isPrivate = plan.deployment.aws.publicAddress ? {} : { associatePublicIpAddress: false };
  return { subnetId, vpcSecurityGroupIds: [securityGroupId], ...isPrivate };
}

const interfacesOf = ({ plan, subnetId, securityGroupId }: GpuNodeArgs) =>
  networkInterfaces(plan).map((one) => ({
    ...one,
    subnetId,
    securityGroups: [securityGroupId],
    deleteOnTermination: "true",
    ...(one.interfaceType === "interface" && !plan.deployment.aws.publicAddress
      ? { associatePublicIpAddress: "false" }
      : {}),
  }));

/** One GPU machine of the plan's type, with a fixed public address unless it is private. */
export class GpuNode extends pulumi.ComponentResource {
  readonly host: Host;

  constructor(name: string, args: GpuNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:GpuNode", name, {}, opts);
    const child = { parent: this };
    const { aws: settings } = args.plan.deployment;
    const template = this.launchTemplate(name, args);
    const instance = new aws.ec2.Instance(
      name,
      {
        ami: settings.amiId ?? newestImage(args, child),
        instanceType: args.plan.instance.name,
        ...place(args),
        iamInstanceProfile: args.profileName,
        keyName: args.keyName,
        placementGroup: args.placementGroup,
        // Version 2 only, and one hop: a request forged through a service on the host gets no credentials.
        metadataOptions: { httpTokens: "required", httpEndpoint: "enabled", httpPutResponseHopLimit: 1 },
        rootBlockDevice: {
          volumeType: "gp3",
          volumeSize: settings.rootVolumeGb,
          encrypted: true,
          kmsKeyId: settings.kmsKeyId,
          tags: { Name: name },
        },
        launchTemplate: { id: template.id, version: "$Latest" },
        disableApiTermination: !settings.allowReplace,
        tags: { Name: name, [NODE_TAG]: nodeTag(`node-${args.index}`) },
      },
      {
        ...child,
        protect: !settings.allowReplace,
        // A reservation has room for one machine: the old one must leave first.
        deleteBeforeReplace: true,
        hooks: { beforeCreate: [onlyMachineOf(name, args, child)] },
        // In place EC2 stops the machine for it, and what is on its local disks is gone: a new one is set up whole.
        replaceOnChanges: ["instanceType"],
        // A running machine stays in its place and keeps the version of the template that it was started with. A newer
        // image must not replace a machine that serves; an image that the user names does.
        ignoreChanges: [
          "placementGroup",
          "launchTemplate.version",
          ...(settings.amiId === undefined ? ["ami"] : []),
        ],
      },
    );
    const address = settings.publicAddress ? this.fixedAddress(name, instance, args) : instance.privateIp;
    this.host = this.asHost(args, instance, address);
    this.registerOutputs({ address, instanceId: instance.id });
  }

  private fixedAddress(
    name: string,
    instance: aws.ec2.Instance,
    { plan }: GpuNodeArgs,
  ): pulumi.Output<string> {
    const { allowReplace } = plan.deployment.aws;
    // Of a machine with several interfaces EC2 wants to know which.
    const target = usesEfa(plan)
      ? { networkInterface: instance.primaryNetworkInterfaceId }
      : { instance: instance.id };
    return new aws.ec2.Eip(
      `${name}-address`,
      { domain: "vpc", ...target },
      // A refused `pulumi destroy` would release it first, and clients would not find the machine any more.
      { parent: this, protect: !allowReplace },
    ).publicIp;
  }

  /** What a machine gets when it starts. A new version of it is for machines to come. */
  private launchTemplate(name: string, args: GpuNodeArgs): aws.ec2.LaunchTemplate {
    const { plan, hostKeyParameter } = args;
    const { region, capacityReservationId, capacityBlock, spot } = plan.deployment.aws;
    return new aws.ec2.LaunchTemplate(
      `${name}-template`,
      {
        userData: hostKeyParameter.name.apply((parameter) =>
          Buffer.from(publishHostKeyScript(parameter, region)).toString("base64"),
        ),
        ...(capacityReservationId === undefined
          ? {}
          : {
              capacityReservationSpecification: { capacityReservationTarget: { capacityReservationId } },
            }),
        ...(capacityBlock ? { instanceMarketOptions: { marketType: "capacity-block" } } : {}),
        ...(spot ? { instanceMarketOptions: SPOT } : {}),
        ...(usesEfa(plan) ? { networkInterfaces: interfacesOf(args) } : {}),
      },
      { parent: this },
    );
  }

  private asHost(args: GpuNodeArgs, instance: aws.ec2.Instance, address: pulumi.Output<string>): Host {
    return {
      name: `${args.prefix}node-${args.index}`,
      label: address.apply((text) => `node-${args.index} (${text})`),
      address,
      privateAddress: instance.privateIp,
      user: SSH_USER,
      port: SSH_PORT,
      bastion: args.bastion?.jump,
      machine: instance,
      account: args.provider,
      connection: {
        host: address,
        port: SSH_PORT,
        user: SSH_USER,
        privateKey: args.privateKey,
        hostKey: args.isOffline
          ? UNPUBLISHED
          : hostKeyOf(instance, args.hostKeyParameter, args.plan.deployment.aws.region, { parent: this }),
        dialErrorLimit: DIAL_ERROR_LIMIT,
        proxy: args.bastion?.proxy,
      },
    };
  }
}
