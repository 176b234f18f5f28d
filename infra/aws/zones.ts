import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../../lib/config";
import type { Plan } from "../../lib/strategy";
import { zonesOffering } from "./checks/offering";
import { findReservation } from "./checks/reservation";
import type { RunningMachine } from "./machines";
import type { Subnet } from "./place";
import { triedZones } from "./tried-zones";

/** Each zone has a sixteenth of the VPC, so that a stack can move to another one. */
const BITS_PER_ZONE = 4;

/** What of the stack stands already: machines, and subnets that are given. */
export interface Standing {
  readonly machines: readonly RunningMachine[];
  readonly subnets: readonly Subnet[];
}

/** The given subnet of a zone. */
export const subnetOf = (subnets: readonly Subnet[], wanted: string): Subnet | undefined =>
  subnets.find(({ availabilityZone }) => availabilityZone === wanted);

/**
 * The zone of the stack: the configured one, else where its machines are, else that of its reservation, else the first
 * that offers the type. Zones that have just had no machine free are passed over.
 */
export async function chooseZone(
  { instance, deployment }: Plan,
  { machines, subnets }: Standing,
  account: pulumi.InvokeOptions,
): Promise<string> {
  const { availabilityZone, region } = deployment.aws;
  const tried = triedZones();
  // What AWS lists first may change, and must not move a machine that serves.
  const known =
    availabilityZone ?? machines[0]?.availabilityZone ?? (await zoneOfReservation(deployment, account));
  const offered = known === undefined ? await zonesOffering(instance.name, account) : [known];
  const zones =
    subnets.length === 0 ? offered : offered.filter((zone) => subnetOf(subnets, zone) !== undefined);
  const next = zones.find((zone) => !tried.includes(zone));
  if (next !== undefined) return next;
  if (zones.length === 0 && offered.length > 0) {
    throw new pulumi.RunError(
      `aws.subnetIds: none of them is in ${offered.join(" or ")}, where the machines have to be; add one that is`,
    );
  }
  if (zones.length === 0) {
    throw new pulumi.RunError(
      `aws.region: no availability zone of ${region} offers ${instance.name}; set shardplan:aws.region to one that does`,
    );
  }
  const bound =
    known === undefined ? "" : ", and the stack is bound to it (aws.availabilityZone, machines, reservation)";
  throw new pulumi.RunError(
    `aws.availabilityZone: no ${instance.name} is free in ${zones.join(", ")}${bound}; try again later, or set ` +
      "shardplan:aws.region, another hardware.instanceType, or a reservation or capacity block (aws.capacityReservationId)",
  );
}

async function zoneOfReservation(
  deployment: Deployment,
  account: pulumi.InvokeOptions,
): Promise<string | undefined> {
  // The check of the reservation says why it cannot be found.
  const reservation = await findReservation(deployment, account).catch((): undefined => undefined);
  return reservation?.availabilityZone;
}

/**
 * The part of a VPC's range that belongs to a zone, by the zone's letter: `us-east-1b` has the second sixteenth. No two
 * zones of a region share an address, whichever comes first.
 */
export function zoneCidr(vpcCidr: string, zone: string): string {
  const [address = "", bits = ""] = vpcCidr.split("/");
  const vpc = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const vpcSize = 2 ** (32 - Number(bits));
  const index = zone.charCodeAt(zone.length - 1) - "a".charCodeAt(0);
  const first = vpc - (vpc % vpcSize) + (index * vpcSize) / 2 ** BITS_PER_ZONE;
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${octets.join(".")}/${Number(bits) + BITS_PER_ZONE}`;
}
