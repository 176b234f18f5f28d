import * as aws from "@pulumi/aws";
import type { Finding } from "../../checks/finding";
import type { Asked } from "./asked";

/** A service quota of EC2, in vCPUs. AWS's codes are the same everywhere. */
interface Quotas {
  readonly onDemand: string;
  readonly spot?: string;
}

const P_ON_DEMAND = "L-417A185B";

/** By how the type's name begins. Of spot requests for P6 no quota is known. */
const QUOTAS: Readonly<Record<string, Quotas>> = {
  p4: { onDemand: P_ON_DEMAND, spot: "L-7212CCBC" },
  p5: { onDemand: P_ON_DEMAND, spot: "L-C4BD4855" },
  p6: { onDemand: P_ON_DEMAND },
  g: { onDemand: "L-DB2E81BA", spot: "L-3819A6DF" },
};

/** Whether the account may run so many vCPUs. New accounts may run none, and approval takes days. */
export async function lookAtQuota({ plan, account }: Asked): Promise<Finding | undefined> {
  const { aws: settings, hardware } = plan.deployment;
  const [, quotas] = Object.entries(QUOTAS).find(([family]) => plan.instance.name.startsWith(family)) ?? [];
  const quotaCode = settings.spot ? quotas?.spot : quotas?.onDemand;
  // A block is paid for as a whole, and does not count.
  if (settings.capacityBlock || quotaCode === undefined) return undefined;
  const needed = hardware.nodes * plan.instance.vcpus;
  const { value, quotaName } = await aws.servicequotas.getServiceQuota(
    { serviceCode: "ec2", quotaCode },
    account,
  );
  const what = `${hardware.nodes} x ${plan.instance.name} need ${needed} vCPUs`;
  const quota = `the quota "${quotaName}" of ${settings.region} is ${value}`;
  if (value >= needed)
    return { verdict: "passes", text: `${what}, ${quota} for all that runs in the account` };
  return {
    verdict: "fails",
    text:
      `${what}, ${quota}; ask for more, which takes days: aws service-quotas request-service-quota-increase ` +
      `--region ${settings.region} --service-code ec2 --quota-code ${quotaCode} --desired-value ${needed}`,
  };
}
