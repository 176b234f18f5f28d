import type { AccountResource, AwsAccount } from "./aws-account";
import { facts, ZONES } from "./aws-facts";
import { AWS } from "./aws-types";
import type { Properties } from "./changed-inputs";
import { type Cidr, contains, overlap, parseCidr } from "./cidr";

/** An error with EC2's code and words. */
const refuse = (code: string, words: string): never => {
  throw new Error(`api error ${code}: ${words}`);
};

/** EC2 takes networks of 16 to 28 fixed bits. */
const sized = ({ bits }: Cidr): boolean => bits >= 16 && bits <= 28;

const text = (value: unknown): string => String(value ?? "");

/** Throws what AWS answers where it does not make such a resource. */
export function refuseCreation(account: AwsAccount, type: string, inputs: Properties): void {
  CREATION[type]?.(account, inputs);
}

/** Throws what AWS answers where it does not delete the resource. */
export function refuseDeletion(account: AwsAccount, resource: AccountResource): void {
  DELETION[resource.type]?.(account, resource);
}

const CREATION: Record<string, (account: AwsAccount, inputs: Properties) => void> = {
  [AWS.vpc]: (_account, { cidrBlock }) => {
    if (!sized(parseCidr(text(cidrBlock)))) refuse("InvalidVpc.Range", `The CIDR '${cidrBlock}' is invalid.`);
  },
  [AWS.subnet]: refuseSubnet,
  [AWS.keyPair]: (account, { keyName }) => {
    if (keyName !== undefined && named(account, AWS.keyPair, "keyName", keyName)) {
      refuse("InvalidKeyPair.Duplicate", "The keypair already exists");
    }
  },
  [AWS.placementGroup]: (account, { name }) => {
    if (name !== undefined && named(account, AWS.placementGroup, "name", name)) {
      refuse("InvalidPlacementGroup.Duplicate", `The placement group '${name}' already exists.`);
    }
  },
  [AWS.instance]: refuseInstance,
  [AWS.eip]: refuseAddress,
};

function refuseSubnet(account: AwsAccount, { vpcId, cidrBlock, availabilityZone }: Properties): void {
  const wanted = parseCidr(text(cidrBlock));
  const vpc =
    account.find(text(vpcId)) ?? refuse("InvalidVpcID.NotFound", `The vpc ID '${vpcId}' does not exist`);
  if (!sized(wanted) || !contains(parseCidr(text(vpc.properties.cidrBlock)), wanted)) {
    refuse("InvalidSubnet.Range", `The CIDR '${cidrBlock}' is invalid.`);
  }
  const others = account.list(AWS.subnet).filter(({ properties }) => properties.vpcId === vpcId);
  if (others.some(({ properties }) => overlap(parseCidr(text(properties.cidrBlock)), wanted))) {
    refuse("InvalidSubnet.Conflict", `The CIDR '${cidrBlock}' conflicts with another subnet`);
  }
  if (availabilityZone !== undefined && !ZONES.includes(text(availabilityZone))) {
    refuse(
      "InvalidParameterValue",
      `Value (${availabilityZone}) for parameter availabilityZone is invalid. Subnets can currently only be created ` +
        `in the following availability zones: ${ZONES.join(", ")}.`,
    );
  }
}

function refuseInstance(account: AwsAccount, inputs: Properties): void {
  const { keyName, placementGroup, instanceType } = inputs;
  refuseInterfaces(account, inputs);
  const zone = zoneOf(account, subnetIdOf(account, inputs));
  if (keyName !== undefined && !named(account, AWS.keyPair, "keyName", keyName)) {
    refuse("InvalidKeyPair.NotFound", `The key pair '${keyName}' does not exist`);
  }
  if (placementGroup !== undefined) {
    if (!named(account, AWS.placementGroup, "name", placementGroup)) {
      refuse("InvalidPlacementGroup.Unknown", `The Placement Group '${placementGroup}' is unknown.`);
    }
    const elsewhere = account
      .list(AWS.instance)
      .some(
        ({ properties }) =>
          properties.placementGroup === placementGroup && properties.availabilityZone !== zone,
      );
    if (elsewhere) {
      refuse(
        "InvalidParameterCombination",
        "The instances of a cluster placement group must be in one availability zone.",
      );
    }
  }
  if (facts().dryZones.includes(zone)) {
    refuse(
      "InsufficientInstanceCapacity",
      `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}).`,
    );
  }
}

/** Network interfaces of a machine's launch template; none where EC2 makes the only one. */
export function interfacesOf(account: AwsAccount, { launchTemplate }: Properties): readonly Properties[] {
  const { id } = (launchTemplate ?? {}) as Properties;
  return (account.find(text(id))?.properties.networkInterfaces ?? []) as Properties[];
}

/** The subnet of a machine, or of its first interface. */
export const subnetIdOf = (account: AwsAccount, inputs: Properties): unknown =>
  interfacesOf(account, inputs)[0]?.subnetId ?? inputs.subnetId;

function refuseInterfaces(account: AwsAccount, inputs: Properties): void {
  const interfaces = interfacesOf(account, inputs);
  if (interfaces.length === 0) return;
  if (inputs.subnetId !== undefined || inputs.vpcSecurityGroupIds !== undefined) {
    refuse(
      "InvalidParameterCombination",
      "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request",
    );
  }
  const places = interfaces.map(({ networkCardIndex, deviceIndex }) => `${networkCardIndex}/${deviceIndex}`);
  const twice = places.find((place, at) => places.indexOf(place) !== at);
  if (twice !== undefined) {
    refuse("InvalidParameterValue", `Each network interface requires a unique device index (${twice}).`);
  }
  if (places[0] !== "0/0" || interfaces[0]?.interfaceType === "efa-only") {
    refuse("InvalidParameterCombination", "The primary network interface may not be EFA-only.");
  }
}

/** An address needs to know its interface where there are several. */
function refuseAddress(account: AwsAccount, { instance }: Properties): void {
  const machine = instance === undefined ? undefined : account.find(text(instance));
  if (machine !== undefined && interfacesOf(account, machine.properties).length > 1) {
    refuse(
      "InvalidInstanceID",
      `There are multiple interfaces attached to instance '${instance}'. Please specify an interface ID for the operation instead.`,
    );
  }
}

/** Zone of a subnet. */
export function zoneOf(account: AwsAccount, subnetId: unknown): string {
  const subnet =
    account.find(text(subnetId))?.properties ??
    facts().subnets.find(({ id }) => id === subnetId) ??
    refuse("InvalidSubnetID.NotFound", `The subnet ID '${subnetId}' does not exist`);
  return text(subnet.availabilityZone);
}

const named = (account: AwsAccount, type: string, key: string, value: unknown): boolean =>
  account.list(type).some(({ properties }) => properties[key] === value);

const DELETION: Record<string, (account: AwsAccount, resource: AccountResource) => void> = {
  [AWS.instance]: (_account, { id, properties }) => {
    // The provider lets termination protection stand unless it was told otherwise (terraform-provider-aws#43722).
    if (properties.disableApiTermination === true && properties.forceDestroy !== true) {
      refuse(
        "OperationNotPermitted",
        `The instance '${id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
      );
    }
  },
  [AWS.subnet]: (account, { id }) => {
    const inside = account.list(AWS.instance).some((one) => subnetIdOf(account, one.properties) === id);
    if (inside) dependents("subnet", id);
  },
  [AWS.vpc]: (account, { id }) => {
    const inside = [AWS.subnet, AWS.securityGroup, AWS.internetGateway].some((type) =>
      named(account, type, "vpcId", id),
    );
    if (inside) dependents("vpc", id);
  },
  [AWS.securityGroup]: (account, { id }) => {
    const used = account
      .list(AWS.instance)
      .some(({ properties }) => groupsOf(account, properties).includes(id));
    if (used) refuse("DependencyViolation", `resource ${id} has a dependent object`);
  },
  [AWS.placementGroup]: (account, { properties: { name } }) => {
    if (named(account, AWS.instance, "placementGroup", name)) {
      refuse(
        "InvalidPlacementGroup.InUse",
        `The placement group '${name}' is in use and may not be deleted.`,
      );
    }
  },
};

const groupsOf = (account: AwsAccount, properties: Properties): readonly unknown[] => [
  ...((properties.vpcSecurityGroupIds ?? []) as unknown[]),
  ...interfacesOf(account, properties).flatMap(({ securityGroups }) => securityGroups as unknown[]),
];

const dependents = (kind: string, id: string): never =>
  refuse("DependencyViolation", `The ${kind} '${id}' has dependencies and cannot be deleted.`);
