import * as aws from "@pulumi/aws";
import type { Finding } from "../../checks/finding";
import type { Asked } from "./asked";

/** Zones of the region that offer an instance type. */
export async function zonesOffering(instanceType: string, account: Asked["account"]): Promise<string[]> {
  // An empty list may come as none at all.
  const { locations }: Partial<aws.ec2.GetInstanceTypeOfferingsResult> =
    await aws.ec2.getInstanceTypeOfferings(
      { locationType: "availability-zone", filters: [{ name: "instance-type", values: [instanceType] }] },
      account,
    );
  return [...(locations ?? [])].sort();
}

/** Whether the zone has machines of the type at all; whether one is free only a launch tells. */
export async function lookAtOffering({ plan, zone, account }: Asked): Promise<Finding> {
  const { name } = plan.instance;
  const zones = await zonesOffering(name, account);
  if (zones.includes(zone)) {
    return { verdict: "passes", text: `${zones.join(", ")} offer ${name}, ${zone} is taken` };
  }
  const elsewhere =
    zones.length === 0
      ? `${plan.deployment.aws.region} has none; set shardplan:aws.region to one that does`
      : `set shardplan:aws.availabilityZone to ${zones.join(" or ")}`;
  return { verdict: "fails", text: `aws.availabilityZone: ${zone} does not offer ${name}; ${elsewhere}` };
}
