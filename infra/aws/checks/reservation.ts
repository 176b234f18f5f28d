import * as aws from "@pulumi/aws";
import { z } from "zod";
import type { Deployment } from "../../../lib/config";
import type { Finding } from "../../checks/finding";
import type { Asked } from "./asked";
import { isNotFound } from "./not-found";

/** A capacity reservation or block, as far as a machine of it depends on it. */
export interface Reservation {
  readonly state: string;
  readonly availabilityZone: string;
  readonly instanceType: string;
  readonly availableInstanceCount: number;
  readonly startDate?: string;
}

/** `AWS::EC2::CapacityReservation` of the Cloud Control API: the plugin has no lookup of plain reservations. */
const cloudControl = z
  .object({
    State: z.string(),
    AvailabilityZone: z.string(),
    InstanceType: z.string(),
    AvailableInstanceCount: z.number(),
    StartDate: z.string().optional(),
  })
  .transform(
    (found): Reservation => ({
      state: found.State,
      availabilityZone: found.AvailabilityZone,
      instanceType: found.InstanceType,
      availableInstanceCount: found.AvailableInstanceCount,
      ...(found.StartDate === undefined ? {} : { startDate: found.StartDate }),
    }),
  );

/** The stack's reservation, if it names one. */
export async function findReservation(
  { aws: { capacityReservationId: id, capacityBlock } }: Deployment,
  account: Asked["account"],
): Promise<Reservation | undefined> {
  if (id === undefined) return undefined;
  if (capacityBlock) return aws.ec2.getCapacityBlockReservation({ id }, account);
  const typeName = "AWS::EC2::CapacityReservation";
  const { properties } = await aws.cloudcontrol.getResource({ typeName, identifier: id }, account);
  return cloudControl.parse(JSON.parse(properties));
}

/** The account has no reservation of that id. */
interface Absent {
  readonly isAbsent: true;
}

/** Whether the reservation is active, has room, and is of the machines' type and zone. */
export async function lookAtReservation({
  plan,
  zone,
  missing,
  account,
}: Asked): Promise<Finding | undefined> {
  const { aws: settings } = plan.deployment;
  const what = `aws.capacityReservationId: ${settings.capacityReservationId}`;
  const reservation = await findReservation(plan.deployment, account).catch((error: unknown): Absent => {
    if (isNotFound(error)) return { isAbsent: true };
    throw error;
  });
  if (reservation === undefined) return undefined;
  if ("isAbsent" in reservation) {
    return {
      verdict: "fails",
      text: `${what} is no reservation of ${settings.region} that this account has`,
    };
  }
  const { state, availabilityZone, instanceType, availableInstanceCount: free, startDate } = reservation;
  const since = startDate === undefined ? "" : `, from ${startDate}`;
  const wrong = [
    ...(state === "active" ? [] : [`is ${state}${since}, and machines start only while it is active`]),
    ...(availabilityZone === zone
      ? []
      : [
          `is of ${availabilityZone}, not ${zone}: set shardplan:aws.availabilityZone to ${availabilityZone}`,
        ]),
    ...(instanceType === plan.instance.name ? [] : [`is for ${instanceType}, not ${plan.instance.name}`]),
    ...(state !== "active" || free >= missing
      ? []
      : [`has ${free} machines free, the stack needs ${missing}`]),
  ];
  if (wrong.length > 0) return { verdict: "fails", text: `${what} ${wrong.join(", and ")}` };
  return { verdict: "passes", text: `${what} is active in ${zone}, ${free} machines free` };
}
