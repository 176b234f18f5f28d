import type * as aws from "@pulumi/aws";
import { findGpu, findInstanceType } from "../../lib/catalog";
import { facts } from "./aws-facts";
import type { Properties } from "./changed-inputs";

/** What AWS offers, in the shapes of the plugin's lookups; only what the program asks for. */

/** A zone offers a type once. */
export function offerings({ filters }: Properties): Partial<aws.ec2.GetInstanceTypeOfferingsResult> {
  const [type = ""] = (filters as { values: string[] }[]).flatMap(({ values }) => values);
  const locations = [...facts().offering];
  return {
    id: "us-east-1",
    instanceTypes: locations.map(() => type),
    locations,
    locationTypes: locations.map(() => "availability-zone"),
  };
}

/** Figures of the catalogue, which come from AWS's own. */
export function instanceType({ instanceType: name }: Properties): Partial<aws.ec2.GetInstanceTypeResult> {
  const type = findInstanceType(String(name));
  const gpu = findGpu(type.gpu);
  const memorySize = gpu.memoryBytes / 2 ** 20;
  const count = facts().gpus ?? type.gpus;
  return {
    id: type.name,
    gpuses: [{ count, manufacturer: "NVIDIA", memorySize, name: gpu.name.split("-")[0] ?? "" }],
    totalGpuMemory: count * memorySize,
    defaultVcpus: type.vcpus,
    memorySize: type.memoryGib * 1024,
    efaMaximumInterfaces: type.efaInterfaces,
    efaSupported: type.efaInterfaces > 0,
    supportedArchitectures: ["x86_64"],
  };
}

const QUOTA_NAMES: Record<string, string> = {
  "L-417A185B": "Running On-Demand P instances",
  "L-DB2E81BA": "Running On-Demand G and VT instances",
  "L-C4BD4855": "All P5 Spot Instance Requests",
  "L-7212CCBC": "All P4, P3 and P2 Spot Instance Requests",
  "L-3819A6DF": "All G and VT Spot Instance Requests",
};

export function quota({
  serviceCode,
  quotaCode,
}: Properties): Partial<aws.servicequotas.GetServiceQuotaResult> {
  const quotaName = QUOTA_NAMES[String(quotaCode)];
  if (quotaName === undefined)
    throw new Error(`api error NoSuchResourceException: ${serviceCode} ${quotaCode}`);
  return { id: String(quotaCode), quotaName, value: facts().quota, defaultValue: 0, adjustable: true };
}

const priceOf = (name: string): number =>
  (findInstanceType(name).priceUsdPerHour ?? 50) * facts().priceFactor;

/** An entry of the price list; the plugin hands it on as text. */
export function priceListEntry({ filters }: Properties): Partial<aws.pricing.GetProductResult> {
  const wanted = new Map(
    (filters as { field: string; value: string }[]).map(({ field, value }) => [field, value]),
  );
  const USD = priceOf(wanted.get("instanceType") ?? "").toFixed(10);
  const priceDimensions = { "SKU.JRTCKXETXF.6YS6EN2CT7": { unit: "Hrs", pricePerUnit: { USD } } };
  const result = {
    product: { productFamily: wanted.get("productFamily"), attributes: Object.fromEntries(wanted) },
    serviceCode: "AmazonEC2",
    terms: { OnDemand: { "SKU.JRTCKXETXF": { priceDimensions } } },
  };
  return { id: "product", result: JSON.stringify(result) };
}

export const spotPrice = ({ instanceType: name }: Properties): Partial<aws.ec2.GetSpotPriceResult> => ({
  id: "us-east-1",
  spotPrice: (0.4 * priceOf(String(name))).toFixed(6),
  spotPriceTimestamp: "2026-11-26T00:00:00Z",
});

export function image({ filters }: Properties): Partial<aws.ec2.GetAmiResult> {
  const [id = ""] = (filters as { values: string[] }[]).flatMap(({ values }) => values);
  if (!id.startsWith("ami-0123")) {
    throw new Error("Your query returned no results. Please change your search criteria and try again.");
  }
  return {
    id,
    imageId: id,
    name: "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04)",
    architecture: facts().imageArchitecture,
    rootDeviceName: "/dev/sda1",
    blockDeviceMappings: [
      {
        deviceName: "/dev/sda1",
        ebs: { volume_size: String(facts().imageGb), volume_type: "gp3" },
        noDevice: "",
        virtualName: "",
      },
    ],
  };
}

export function reservation({
  identifier,
  typeName,
}: Properties): Partial<aws.cloudcontrol.GetResourceResult> {
  if (typeName !== "AWS::EC2::CapacityReservation")
    throw new Error(`api error TypeNotFoundException: ${typeName}`);
  const { state, zone, instanceType: type, free } = facts().reservation;
  const properties = {
    Id: identifier,
    State: state,
    AvailabilityZone: zone,
    InstanceType: type,
    TotalInstanceCount: 2,
    AvailableInstanceCount: free,
    StartDate: "2026-11-26T11:30:00Z",
  };
  return { id: String(identifier), properties: JSON.stringify(properties) };
}

export function block({ id }: Properties): Partial<aws.ec2.GetCapacityBlockReservationResult> {
  const { state, zone, instanceType: type, free } = facts().reservation;
  return {
    id: String(id),
    state,
    availabilityZone: zone,
    instanceType: type,
    availableInstanceCount: free,
    reservationType: "capacity-block",
    startDate: "2026-11-26T11:30:00Z",
  };
}

export function subnet({ id }: Properties): Partial<aws.ec2.GetSubnetResult> {
  const found = facts().subnets.find((known) => known.id === id);
  if (found === undefined) throw new Error("no matching EC2 Subnet found");
  return { ...found, cidrBlock: "10.7.0.0/20", state: "available" };
}
