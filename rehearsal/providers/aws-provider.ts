import { createHash } from "node:crypto";
import type { URN } from "@pulumi/pulumi";
import { type DiffResult, main, type Provider } from "@pulumi/pulumi/provider";
import { AWS_REPLACED_BY, awsAnswer, awsOutputs } from "./aws-resources";
import { changedInputs, type Properties } from "./changed-inputs";
import { publishHostKey } from "./published-host-keys";
import { unwrapSecrets } from "./secret-value";

/**
 * Stand-in for the `aws` plugin: keeps no resource anywhere, invents ids and addresses that look right, and
 * knows which changed property replaces which resource. For tests of the program's life cycle without an account.
 */
class AwsProvider implements Provider {
  readonly version = "7.48.0";
  readonly schema = JSON.stringify({ name: "aws", version: this.version });

  async check(_urn: URN, _olds: Properties, news: Properties) {
    return { inputs: news };
  }

  async diff(_id: string, urn: URN, olds: Properties, news: Properties): Promise<DiffResult> {
    const changed = changedInputs(olds, news);
    const replacing = AWS_REPLACED_BY[typeOf(urn)] ?? [];
    return { changes: changed.length > 0, replaces: changed.filter((name) => replacing.includes(name)) };
  }

  async create(urn: URN, inputs: Properties) {
    const seed = createHash("sha256")
      .update(`${urn} ${JSON.stringify(unwrapSecrets(inputs))}`)
      .digest("hex");
    const { id, outputs } = awsOutputs(typeOf(urn), seed, inputs);
    if (typeOf(urn) === "aws:ec2/instance:Instance") publishHostKey(urn.split("::").at(-1) ?? "", id);
    return { id, outs: { ...outputs, ...inputs } };
  }

  async update(_id: string, _urn: URN, olds: Properties, news: Properties) {
    return { outs: { ...olds, ...news } };
  }

  async read(id: string, _urn: URN, props: Properties) {
    return { id, props };
  }

  async delete(): Promise<void> {}

  async invoke(token: string, args: Properties) {
    return { outputs: awsAnswer(token, args) };
  }
}

/** The resource's own type: the last of the parents' types in the URN. */
function typeOf(urn: URN): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

main(new AwsProvider(), process.argv.slice(2));
