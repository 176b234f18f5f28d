import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../../lib/strategy";
import type { RunningMachine } from "./machines";

/** Each zone has a sixteenth of the VPC, so that a stack can move to another one. */
const BITS_PER_ZONE = 4;

/** The zone of the stack: the configured one, else where its machines are, else the first that offers the type. */
export async function chooseZone(
  { instance, deployment: { aws: settings } }: Plan,
  machines: readonly RunningMachine[],
  opts: pulumi.InvokeOptions,
): Promise<string> {
  // What AWS lists first may change, and must not move a machine that serves.
  const known = settings.availabilityZone ?? machines[0]?.availabilityZone;
  if (known !== undefined) return known;
  const { locations } = await aws.ec2.getInstanceTypeOfferings(
    { locationType: "availability-zone", filters: [{ name: "instance-type", values: [instance.name] }] },
    opts,
  );
  const [first] = [...locations].sort();
  if (first !== undefined) return first;
  throw new pulumi.RunError(
    `aws.region: no availability zone offers ${instance.name}; set shardplan:aws.region to one that does`,
  );
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
