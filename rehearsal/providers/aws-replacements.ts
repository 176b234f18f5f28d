import { isDeepStrictEqual } from "node:util";
import { AWS } from "./aws-types";
import type { Properties } from "./changed-inputs";
import { unwrapSecrets } from "./secret-value";

/**
 * Properties whose change replaces the resource: `ForceNew` in hashicorp/terraform-provider-aws internal/service
 * (ec2, ssm, iam), on which pulumi-aws 7.48 is built. A dot leads into a nested block.
 */
const REPLACED_BY: Record<string, readonly string[]> = {
  [AWS.vpc]: ["cidrBlock"],
  [AWS.subnet]: ["vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId"],
  [AWS.internetGateway]: [],
  [AWS.routeTable]: ["vpcId"],
  [AWS.route]: ["routeTableId", "destinationCidrBlock"],
  [AWS.routeTableAssociation]: ["subnetId", "gatewayId"],
  [AWS.securityGroup]: ["vpcId", "name", "namePrefix", "description"],
  [AWS.ingressRule]: ["securityGroupId"],
  [AWS.egressRule]: ["securityGroupId"],
  [AWS.launchTemplate]: ["name", "namePrefix"],
  [AWS.instance]: [
    "ami",
    "associatePublicIpAddress",
    "availabilityZone",
    "ebsOptimized",
    "ephemeralBlockDevices",
    "instanceMarketOptions",
    // The program asks for it (`replaceOnChanges`), which the engine needs a detailed diff for; plugins in this SDK have none.
    "instanceType",
    "keyName",
    "launchTemplate.id",
    "launchTemplate.name",
    "placementGroup",
    "placementGroupId",
    "privateIp",
    "rootBlockDevice.encrypted",
    "rootBlockDevice.kmsKeyId",
    "securityGroups",
    "subnetId",
    "tenancy",
  ],
  [AWS.placementGroup]: ["name", "strategy", "partitionCount", "spreadLevel"],
  [AWS.keyPair]: ["keyName", "keyNamePrefix", "publicKey"],
  [AWS.eip]: ["domain", "address", "publicIpv4Pool"],
  [AWS.parameter]: ["name"],
  [AWS.role]: ["name", "namePrefix", "path"],
  [AWS.rolePolicy]: ["name", "namePrefix", "role"],
  [AWS.rolePolicyAttachment]: ["role", "policyArn"],
  [AWS.instanceProfile]: ["name", "namePrefix", "path"],
};

/**
 * Which of the `changed` inputs replace the resource. An instance is also replaced when the version of its launch
 * template is named anew and is not the one it was started with.
 */
export function replacing(
  type: string,
  changed: readonly string[],
  olds: Properties,
  news: Properties,
): string[] {
  const rules = REPLACED_BY[type] ?? [];
  return changed.filter((name) => {
    const nested = rules
      .filter((rule) => rule.startsWith(`${name}.`))
      .map((rule) => rule.split(".")[1] ?? "");
    if (rules.includes(name)) return true;
    if (nested.some((key) => given(news, name, key) && differs(olds, news, name, key))) return true;
    return type === AWS.instance && name === "launchTemplate" && differs(olds, news, name, "version");
  });
}

const inner = (properties: Properties, name: string, key: string): unknown =>
  (unwrapSecrets(properties[name]) as Properties | undefined)?.[key];

/** What a block does not say stays as EC2 has it. */
const given = (news: Properties, name: string, key: string): boolean => inner(news, name, key) !== undefined;

const differs = (olds: Properties, news: Properties, name: string, key: string): boolean =>
  !isDeepStrictEqual(inner(olds, name, key), inner(news, name, key));
