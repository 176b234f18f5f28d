import type { AccountResource, AwsAccount } from "./aws-account";
import { facts } from "./aws-facts";
import {
  block,
  image,
  instanceType,
  offerings,
  priceListEntry,
  quota,
  reservation,
  spotPrice,
  subnet,
} from "./aws-offer";
import { REGION } from "./aws-resources";
import { AWS } from "./aws-types";
import type { Properties } from "./changed-inputs";

/** Answers of the lookups that programs make. A lookup without an answer here fails, so that none goes unnoticed. */
export function awsAnswer(account: AwsAccount, token: string, args: Properties): Properties {
  const name = token.split(":").at(-1) ?? "";
  if (facts().denied.includes(name))
    throw new Error(`api error AccessDenied: not authorized to perform ${name}`);
  const answer = ANSWERS[token];
  if (!answer) throw new Error(`the stand-in for the aws plugin has no answer for ${token}`);
  return { ...args, ...answer(account, args) };
}

/** The lookups that have an answer: all that the program makes. */
export const lookups = (): readonly string[] => Object.keys(ANSWERS);

const ANSWERS: Record<string, (account: AwsAccount, args: Properties) => object> = {
  "aws:ssm/getParameter:getParameter": (account, { name }) => ({
    id: name,
    arn: `arn:aws:ssm:${REGION}::parameter${name}`,
    type: "String",
    value: publishedHostKey(account, String(name)) ?? facts().newestImage,
    insecureValue: facts().newestImage,
    version: 1,
  }),
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": (_account, args) => offerings(args),
  "aws:ec2/getInstanceType:getInstanceType": (_account, args) => instanceType(args),
  "aws:servicequotas/getServiceQuota:getServiceQuota": (_account, args) => quota(args),
  "aws:pricing/getProduct:getProduct": (_account, args) => priceListEntry(args),
  "aws:ec2/getSpotPrice:getSpotPrice": (_account, args) => spotPrice(args),
  "aws:ec2/getAmi:getAmi": (_account, args) => image(args),
  "aws:ec2/getSubnet:getSubnet": (_account, args) => subnet(args),
  "aws:cloudcontrol/getResource:getResource": (_account, args) => reservation(args),
  "aws:ec2/getCapacityBlockReservation:getCapacityBlockReservation": (_account, args) => block(args),
  "aws:ec2/getInstances:getInstances": (account, { filters = [] }) => {
    const found = account
      .list(AWS.instance)
      .filter((instance) => (filters as Filter[]).every((filter) => matches(instance, filter)));
    return {
      id: REGION,
      ids: found.map(({ id }) => id),
      privateIps: found.map(({ properties }) => properties.privateIp),
      publicIps: [],
      ipv6Addresses: [],
    };
  },
  "aws:ec2/getInstance:getInstance": (account, { instanceId }) => {
    const found = account.find(String(instanceId));
    if (found === undefined)
      throw new Error("Your query returned no results. Please change your search criteria and try again.");
    return found.properties;
  },
};

interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/** A tag has one of the values, in which `*` stands for any text; machines that end are not in the account any more. */
function matches({ properties }: AccountResource, { name, values }: Filter): boolean {
  const [, tag] = /^tag:(.+)$/.exec(name) ?? [];
  if (tag === undefined) throw new Error(`the stand-in for the aws plugin cannot filter by ${name}`);
  const value = String((properties.tags as Properties | undefined)?.[tag] ?? "");
  return values.some((wanted) =>
    wanted.endsWith("*") ? value.startsWith(wanted.slice(0, -1)) : value === wanted,
  );
}

/** What the newest machine of a name wrote into its parameter `.../host-key/node-N`; undefined for other parameters. */
function publishedHostKey(account: AwsAccount, parameter: string): string | undefined {
  const node = /\/host-key\/(node-\d+)$/.exec(parameter)?.[1];
  if (node === undefined) return undefined;
  const machine = account.list(AWS.instance).findLast(({ name }) => name.endsWith(node));
  const key = machine && account.hostKey(machine.id);
  return key === undefined ? "not yet published" : `${machine?.id} ${key.public.trim()}`;
}
