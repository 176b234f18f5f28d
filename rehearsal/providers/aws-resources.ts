import { newSshKeyPair } from "../ssh-key-pair";
import type { AwsAccount } from "./aws-account";
import { subnetIdOf, zoneOf } from "./aws-refusals";
import { AWS } from "./aws-types";
import type { Properties } from "./changed-inputs";
import { addressAt, parseCidr } from "./cidr";

export const ACCOUNT = "123456789012";
export const REGION = "us-east-1";

/** Prefix of the ids that AWS gives to a type; other types have their name as id. */
const ID_PREFIX: Record<string, string> = {
  [AWS.vpc]: "vpc",
  [AWS.subnet]: "subnet",
  [AWS.internetGateway]: "igw",
  [AWS.routeTable]: "rtb",
  [AWS.route]: "r-rtb",
  [AWS.routeTableAssociation]: "rtbassoc",
  [AWS.securityGroup]: "sg",
  [AWS.ingressRule]: "sgr",
  [AWS.egressRule]: "sgr",
  [AWS.launchTemplate]: "lt",
  [AWS.instance]: "i",
  [AWS.eip]: "eipalloc",
};

/** Id and outputs of a new resource. `seed` (hex) makes the id; no seed comes twice. */
export function awsOutputs(
  account: AwsAccount,
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
  const outputs = { id, arn, name: id, ...OUTPUTS[type]?.(account, id, inputs) };
  return { id, outputs };
}

const OUTPUTS: Record<string, (account: AwsAccount, id: string, inputs: Properties) => Properties> = {
  [AWS.instance]: (account, id, inputs) => {
    const subnetId = subnetIdOf(account, inputs);
    account.keepHostKey(id, newSshKeyPair());
    const range = parseCidr(String(account.find(String(subnetId))?.properties.cidrBlock ?? "10.7.0.0/20"));
    return {
      // The first four addresses of a subnet are AWS's own.
      privateIp: addressAt(range, 3 + account.nextNumber()),
      instanceState: "running",
      primaryNetworkInterfaceId: `eni-0${id.slice(3)}`,
      availabilityZone: zoneOf(account, subnetId),
    };
  },
  [AWS.eip]: (account, id) => ({ publicIp: freePublicAddress(account), allocationId: id }),
  [AWS.launchTemplate]: () => ({ latestVersion: 1, defaultVersion: 1 }),
  [AWS.keyPair]: (_account, id) => ({ keyName: id, keyPairId: `key-${id}` }),
  [AWS.vpc]: (_account, id) => ({
    defaultSecurityGroupId: id.replace("vpc", "sg"),
    mainRouteTableId: id.replace("vpc", "rtb"),
  }),
};

/**
 * The first address of `STAND_IN_PUBLIC_ADDRESSES` (comma-separated) that no elastic address has, so that a test can
 * put hosts behind them; without any, one of 192.0.2.0/24, where nothing answers (RFC 5737).
 */
function freePublicAddress(account: AwsAccount): string {
  const taken = account.list(AWS.eip).map(({ properties }) => properties.publicIp);
  const given = (process.env.STAND_IN_PUBLIC_ADDRESSES ?? "").split(",").filter(Boolean);
  const examples = Array.from({ length: 254 }, (_, index) => `192.0.2.${index + 1}`);
  const free = [...given, ...examples].find((address) => !taken.includes(address));
  if (free === undefined)
    throw new Error("api error AddressLimitExceeded: The maximum number of addresses has been reached.");
  return free;
}
