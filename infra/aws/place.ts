import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../../lib/config";
import { isNotFound } from "./checks/not-found";

/** An existing subnet. */
export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly availabilityZone: string;
}

/** The stack's existing subnets; none where the program makes its own network. */
export async function existingSubnets(
  { aws: { subnetIds } }: Deployment,
  account: pulumi.InvokeOptions,
): Promise<readonly Subnet[]> {
  const subnets = await Promise.all(
    subnetIds.map(async (id) => {
      const { vpcId, availabilityZone } = await findSubnet(id, account);
      return { id, vpcId, availabilityZone };
    }),
  );
  const [first] = subnets;
  const foreign = subnets.find(({ vpcId }) => vpcId !== first?.vpcId);
  if (foreign === undefined) return subnets;
  throw new pulumi.RunError(
    `aws.subnetIds: ${foreign.id} is in ${foreign.vpcId}, and ${first?.id} in ${first?.vpcId}; give subnets of one VPC`,
  );
}

async function findSubnet(id: string, account: pulumi.InvokeOptions): Promise<aws.ec2.GetSubnetResult> {
  try {
    return await aws.ec2.getSubnet({ id }, account);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new pulumi.RunError(`aws.subnetIds: there is no ${id} in this account and region`);
  }
}
