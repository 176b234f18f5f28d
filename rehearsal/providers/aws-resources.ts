import type { Properties } from "./changed-inputs";
import { publishedHostKey } from "./published-host-keys";

const ACCOUNT = "123456789012";
const REGION = "us-east-1";

/** Prefix of the ids that AWS gives to a type; other types have their name as id. */
const ID_PREFIX: Record<string, string> = {
  "aws:ec2/vpc:Vpc": "vpc",
  "aws:ec2/subnet:Subnet": "subnet",
  "aws:ec2/internetGateway:InternetGateway": "igw",
  "aws:ec2/routeTable:RouteTable": "rtb",
  "aws:ec2/route:Route": "r-rtb",
  "aws:ec2/routeTableAssociation:RouteTableAssociation": "rtbassoc",
  "aws:ec2/securityGroup:SecurityGroup": "sg",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "sgr",
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "sgr",
  "aws:ec2/securityGroupRule:SecurityGroupRule": "sgrule",
  "aws:ec2/launchTemplate:LaunchTemplate": "lt",
  "aws:ec2/instance:Instance": "i",
  "aws:ec2/networkInterface:NetworkInterface": "eni",
  "aws:ec2/placementGroup:PlacementGroup": "pg",
  "aws:ec2/eip:Eip": "eipalloc",
  "aws:ec2/eipAssociation:EipAssociation": "eipassoc",
  "aws:ebs/volume:Volume": "vol",
};

/** Properties whose change makes AWS replace the resource ("Forces new resource" in the provider's documentation). */
export const AWS_REPLACED_BY: Record<string, readonly string[]> = {
  "aws:ec2/vpc:Vpc": ["cidrBlock"],
  "aws:ec2/subnet:Subnet": ["vpcId", "cidrBlock", "availabilityZone"],
  "aws:ec2/internetGateway:InternetGateway": [],
  "aws:ec2/routeTable:RouteTable": ["vpcId"],
  "aws:ec2/route:Route": ["routeTableId", "destinationCidrBlock"],
  "aws:ec2/routeTableAssociation:RouteTableAssociation": ["subnetId"],
  "aws:ec2/securityGroup:SecurityGroup": ["vpcId", "name", "namePrefix", "description"],
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ["securityGroupId"],
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ["securityGroupId"],
  "aws:ec2/launchTemplate:LaunchTemplate": ["name", "namePrefix"],
  "aws:ec2/instance:Instance": [
    "ami",
    "subnetId",
    "availabilityZone",
    "keyName",
    "placementGroup",
    "privateIp",
  ],
  "aws:ec2/keyPair:KeyPair": ["keyName", "publicKey"],
  "aws:ec2/eipAssociation:EipAssociation": ["allocationId", "instanceId", "networkInterfaceId"],
  "aws:iam/role:Role": ["name", "namePrefix", "path"],
  "aws:iam/rolePolicy:RolePolicy": ["name", "role"],
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ["role", "policyArn"],
  "aws:iam/instanceProfile:InstanceProfile": ["name", "namePrefix", "path"],
};

/**
 * Id and outputs of a new resource. `seed` (hex) makes them repeatable. Instances get the addresses of
 * `STAND_IN_INSTANCE_ADDRESSES` (comma-separated) in turn, so that a test can put real hosts behind them.
 */
export function awsOutputs(
  type: string,
  seed: string,
  inputs: Properties,
): { id: string; outputs: Properties } {
  const [, module = "", kind = ""] = /^aws:([^/]+)\/[^:]+:(.+)$/.exec(type) ?? [];
  const prefix = ID_PREFIX[type];
  const given = inputs.name ?? inputs.keyName;
  const id = prefix
    ? `${prefix}-0${seed.slice(0, 16)}`
    : `${given ?? `${kind.toLowerCase()}-${seed.slice(0, 7)}`}`;
  const arn = `arn:aws:${module}:${REGION}:${ACCOUNT}:${kind.toLowerCase()}/${id}`;
  return {
    id,
    outputs: {
      id,
      arn,
      name: id,
      ...(kind === "KeyPair" ? { keyName: id } : {}),
      ...typeOutputs(type, seed, inputs),
    },
  };
}

function typeOutputs(type: string, seed: string, inputs: Properties): Properties {
  switch (type) {
    case "aws:ec2/instance:Instance":
      return {
        ...instanceAddresses(seed),
        instanceState: "running",
        primaryNetworkInterfaceId: `eni-0${seed.slice(16, 32)}`,
        availabilityZone: inputs.availabilityZone ?? `${REGION}a`,
      };
    case "aws:ec2/eip:Eip":
      return { publicIp: instanceAddresses(seed).publicIp, allocationId: `eipalloc-0${seed.slice(0, 16)}` };
    case "aws:ec2/launchTemplate:LaunchTemplate":
      return { latestVersion: 1, defaultVersion: 1 };
    case "aws:ec2/keyPair:KeyPair":
      return {
        keyName: inputs.keyName ?? `key-${seed.slice(0, 7)}`,
        keyPairId: `key-0${seed.slice(0, 16)}`,
        fingerprint: seed.slice(0, 32),
      };
    case "aws:ec2/vpc:Vpc":
      return {
        defaultSecurityGroupId: `sg-0${seed.slice(16, 32)}`,
        mainRouteTableId: `rtb-0${seed.slice(16, 32)}`,
      };
    default:
      return {};
  }
}

let instances = 0;

function instanceAddresses(seed: string): { publicIp: string; privateIp: string; publicDns: string } {
  const given = (process.env.STAND_IN_INSTANCE_ADDRESSES ?? "").split(",").filter(Boolean);
  const octet = (at: number) => 1 + (Number.parseInt(seed.slice(at, at + 2), 16) % 253);
  // 192.0.2.0/24 is reserved for examples (RFC 5737): nothing answers there.
  const publicIp = given[instances++ % Math.max(given.length, 1)] ?? `192.0.2.${octet(0)}`;
  return {
    publicIp,
    privateIp: given.length > 0 ? publicIp : `10.42.${octet(2)}.${octet(4)}`,
    publicDns: `ec2-${publicIp.replaceAll(".", "-")}.compute-1.amazonaws.com`,
  };
}

/** Answers of the lookups that programs make. A lookup without an answer here fails, so that none goes unnoticed. */
export function awsAnswer(token: string, args: Properties): Properties {
  const answer = ANSWERS[token];
  if (!answer) throw new Error(`the stand-in for the aws plugin has no answer for ${token}`);
  return { ...args, ...answer(args) };
}

const ZONES = ["a", "b", "c"].map((letter) => `${REGION}${letter}`);

const ANSWERS: Record<string, (args: Properties) => Properties> = {
  "aws:ec2/getAmi:getAmi": () => ({
    id: "ami-0123456789abcdef0",
    imageId: "ami-0123456789abcdef0",
    architecture: "x86_64",
    rootDeviceName: "/dev/sda1",
    creationDate: "2026-10-01T00:00:00.000Z",
  }),
  "aws:ssm/getParameter:getParameter": (args) => ({
    id: args.name,
    arn: `arn:aws:ssm:${REGION}::parameter${args.name}`,
    type: "String",
    value: publishedHostKey(String(args.name)) ?? "ami-0123456789abcdef0",
    insecureValue: "ami-0123456789abcdef0",
    version: 1,
  }),
  "aws:index/getAvailabilityZones:getAvailabilityZones": () => ({ id: REGION, names: ZONES, zoneIds: ZONES }),
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": () => ({
    id: REGION,
    instanceTypes: ZONES.map(() => "p5.48xlarge"),
    locations: ZONES,
    locationTypes: ZONES.map(() => "availability-zone"),
  }),
  "aws:index/getRegion:getRegion": () => ({
    id: REGION,
    name: REGION,
    region: REGION,
    endpoint: "",
    description: "",
  }),
  "aws:index/getPartition:getPartition": () => ({ id: "aws", partition: "aws", dnsSuffix: "amazonaws.com" }),
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({
    id: ACCOUNT,
    accountId: ACCOUNT,
    arn: `arn:aws:iam::${ACCOUNT}:user/rehearsal`,
    userId: "AIDAEXAMPLE",
  }),
  "aws:iam/getPolicyDocument:getPolicyDocument": (args) => {
    const json = JSON.stringify({ Version: "2012-10-17", Statement: args.statements ?? [] });
    return { id: "policy", json, minifiedJson: json };
  },
};
