import { z } from "zod";
import { countUpTo, textLike } from "./values";

export const aws = z
  .strictObject({
    region: textLike(/^[a-z]{2}(-[a-z]+)+-\d$/, "a region such as us-east-1")
      .default("us-east-1")
      .describe("AWS region."),
    availabilityZone: textLike(/^[a-z]{2}(-[a-z]+)+-\d[a-p]$/, "a zone such as us-east-1a")
      .optional()
      .describe(
        "Availability zone. Default: where the stack's machines are, else the first that offers the instance type.",
      ),
    vpcCidr: z
      .cidrv4()
      .default("10.42.0.0/16")
      .describe("Address range of the VPC, /16 to /24. A change replaces everything."),
    sshAllowedCidrs: z
      .array(z.cidrv4())
      .default([])
      .describe("Address ranges that may reach SSH: the machine that runs pulumi must be in one of them."),
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
    protect: z
      .boolean()
      .default(true)
      .describe(
        "Refuse to delete or replace the instances, in Pulumi and by EC2's termination protection. Set to false, and " +
          "`pulumi up`, before a replacement that is wanted and before `pulumi destroy`.",
      ),
  })
  .prefault({})
  .describe("AWS resources; unused when hosts are given.");
