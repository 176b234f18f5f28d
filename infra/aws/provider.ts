import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../../lib/config";

/**
 * Tries of one request to AWS. The plugin takes a zone without machines for a passing fault and asks 25 times, for
 * most of an hour (terraform-provider-aws#43193); 8 times are some minutes.
 */
const MAX_RETRIES = 8;

/** Keys of the stack's `aws:` configuration that an explicit provider does not read by itself. */
const SECRETS = ["accessKey", "secretKey", "token"] as const;
const LISTS = [
  "assumeRoles",
  "allowedAccountIds",
  "forbiddenAccountIds",
  "sharedConfigFiles",
  "sharedCredentialsFiles",
] as const;

/** What an account needs that nobody has credentials for: a preview that asks AWS nothing. */
const WITHOUT_CREDENTIALS = {
  accessKey: "none",
  secretKey: "none",
  skipCredentialsValidation: true,
  skipRequestingAccountId: true,
  skipMetadataApiCheck: true,
};

/** Where an account is asked, and what its resources are tagged with. */
interface Account {
  readonly region: string;
  readonly tags: Deployment["aws"]["tags"];
}

/** The stack's account in a region, by the credentials that AWS's own tools find, or those of the stack's `aws:` keys. */
export const accountProvider = (
  name: string,
  account: Account,
  hasCredentials: boolean,
  opts: pulumi.ResourceOptions,
): aws.Provider => new aws.Provider(name, providerArgs(account, hasCredentials), opts);

/** What the provider is made with: the stack's `aws:` keys, and the program's own tags above theirs. */
export function providerArgs({ region, tags }: Account, hasCredentials: boolean): aws.ProviderArgs {
  const config = new pulumi.Config("aws");
  const texts = [["profile", config.get("profile")], ...SECRETS.map((key) => [key, config.getSecret(key)])];
  const lists = LISTS.map((key) => [key, config.getObject(key)]);
  const shared = config.getObject<{ tags?: Record<string, string> }>("defaultTags");
  return {
    ...Object.fromEntries([...texts, ...lists].filter(([, value]) => value !== undefined)),
    ...(hasCredentials ? {} : WITHOUT_CREDENTIALS),
    region: region as aws.Region,
    maxRetries: MAX_RETRIES,
    defaultTags: { tags: { ...shared?.tags, ...tags } },
  };
}
