import { z } from "zod";
import { countUpTo, textLike } from "./values";

/** What is looked at before machines are paid for, by name. */
export const CHECKS = [
  "hub",
  "offering",
  "catalogue",
  "quota",
  "reservation",
  "price",
  "image",
  "reach",
] as const;

/** One of the checks before spending. */
export type CheckName = (typeof CHECKS)[number];

const secretArn = textLike(
  /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/,
  "the ARN of a secret of Secrets Manager",
).optional();

export const aws = z
  .strictObject({
    region: textLike(/^[a-z]{2}(-[a-z]+)+-\d$/, "a region such as us-east-1")
      .default("us-east-1")
      .describe("AWS region."),
    availabilityZone: textLike(/^[a-z]{2}(-[a-z]+)+-\d[a-p]$/, "a zone such as us-east-1a")
      .optional()
      .describe(
        "Availability zone. Default: where the stack's machines are, else that of the reservation, else the first that offers the instance type.",
      ),
    vpcCidr: z
      .cidrv4()
      .default("10.42.0.0/16")
      .describe("Address range of the VPC, /16 to /24. A change replaces everything."),
    subnetIds: z
      .array(textLike(/^subnet-[0-9a-f]+$/, "a subnet id such as subnet-0123456789abcdef0"))
      .default([])
      .describe(
        "Existing subnets of one VPC, each with a route to the internet, to which the machines go. The program then makes no network.",
      ),
    publicAddress: z
      .boolean()
      .default(true)
      .describe(
        "Give each machine a fixed public address. Without one, clients and this machine reach the private addresses over a VPN or alike. This machine can also go through a bastion.",
      ),
    instanceProfile: z
      .string()
      .min(1)
      .optional()
      .describe("Name of an existing instance profile of the machines. Default: the program makes one."),
    permissionsBoundary: textLike(/^arn:aws[a-z-]*:iam::/, "the ARN of a policy")
      .optional()
      .describe("Permissions boundary of the role that the program makes for the machines. Default: none."),
    huggingFaceTokenSecret: secretArn.describe(
      "Secret of Secrets Manager with the hub's token, which the machines read by their role. Default: shardplan:huggingFaceToken.",
    ),
    apiKeysSecret: secretArn.describe(
      "Secret of Secrets Manager with the clients' key, or with a JSON object of keys by name (`default` is the first one's), " +
        "which the machines read by their role. Default: shardplan:apiKey and shardplan:apiKeys.",
    ),
    kmsKeyId: z
      .string()
      .min(1)
      .optional()
      .describe("KMS key, by ARN or id, of the machines' root volumes. Default: the account's key for EBS."),
    sshAllowedCidrs: z
      .array(z.cidrv4())
      .default([])
      .describe("Address ranges that may reach SSH. The machine that runs pulumi must be in one of them."),
    amiId: textLike(/^ami-[0-9a-f]+$/, "an image id such as ami-0123456789abcdef0")
      .optional()
      .describe(
        "Machine image. Default: AWS's Deep Learning Base image (Ubuntu 24.04) when the instance is created.",
      ),
    sshPublicKey: z
      .string()
      .min(1)
      .optional()
      .describe("Public half of the secret shardplan:sshPrivateKey. Default: derived from it."),
    rootVolumeGb: countUpTo(65_536)
      .default(200)
      .meta({ unit: "GB", description: "Size of the root volume in GB." }),
    capacityReservationId: textLike(/^cr-[0-9a-f]+$/, "a reservation id such as cr-0123456789abcdef0")
      .optional()
      .describe("Capacity reservation or capacity block to launch into."),
    capacityBlock: z.boolean().default(false).describe("The capacity reservation is a capacity block."),
    spot: z
      .boolean()
      .default(false)
      .describe(
        "Take spot machines, which are cheaper and which AWS ends with two minutes' notice. They are for development only.",
      ),
    tags: z
      .record(z.string().min(1).max(128), z.string().max(256))
      .default({})
      .describe("Tags of everything that the stack makes in AWS, beside its own `shardplan:stack`."),
    allowReplace: z
      .boolean()
      .default(false)
      .describe(
        "Let a change delete or replace the instances. Until then Pulumi and EC2's termination protection refuse. Set it " +
          "to true, and `pulumi up`, before a replacement that is wanted and before `pulumi destroy`.",
      ),
    skipChecks: z
      .array(z.enum(CHECKS))
      .default([])
      .describe("Checks before spending that are left out, by name."),
  })
  .prefault({})
  .describe("AWS resources; unused when hosts are given.");
