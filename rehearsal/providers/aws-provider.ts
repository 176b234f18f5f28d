import { createHash } from "node:crypto";
import type { URN } from "@pulumi/pulumi";
import { type DiffResult, main, type Provider } from "@pulumi/pulumi/provider";
import { AwsAccount } from "./aws-account";
import { awsAnswer } from "./aws-answers";
import { AwsHalt } from "./aws-halt";
import { inputsAmong, unknownInputs } from "./aws-inputs";
import { refuseCreation, refuseDeletion } from "./aws-refusals";
import { replacing } from "./aws-replacements";
import { awsOutputs } from "./aws-resources";
import { AWS } from "./aws-types";
import { changedInputs, type Properties } from "./changed-inputs";
import { unwrapSecrets } from "./secret-value";

/**
 * Stand-in for the `aws` plugin: an account in a file, with ids and addresses that look right. It replaces what the real
 * plugin replaces and refuses what EC2 refuses, as far as the program comes near it. For tests of the program's life
 * cycle without an account.
 */
class AwsProvider implements Provider {
  readonly version = "7.48.0";
  readonly schema = JSON.stringify({ name: "aws", version: this.version });
  private readonly account = new AwsAccount(process.env.PULUMI_HOME ?? ".");
  private readonly halt = new AwsHalt(process.env.PULUMI_HOME ?? ".");

  async check(urn: URN, _olds: Properties, news: Properties) {
    const failures = unknownInputs(typeOf(urn), news).map((property) => ({
      property,
      reason: `the resource has no property ${property}`,
    }));
    return { inputs: news, failures };
  }

  async diff(_id: string, urn: URN, olds: Properties, news: Properties): Promise<DiffResult> {
    const changed = changedInputs(olds, news);
    return { changes: changed.length > 0, replaces: replacing(typeOf(urn), changed, olds, news) };
  }

  async create(urn: URN, inputs: Properties) {
    const type = typeOf(urn);
    const plain = unwrapSecrets(inputs) as Properties;
    await this.halt.pass(type, "before");
    refuseCreation(this.account, type, plain);
    const seed = createHash("sha256").update(`${urn} ${this.account.nextNumber()}`).digest("hex");
    const { id, outputs } = awsOutputs(this.account, type, seed, plain);
    this.keep(id, urn, { ...outputs, ...plain });
    await this.halt.pass(type, "after");
    return { id, outs: { ...outputs, ...inputs } };
  }

  async update(id: string, urn: URN, olds: Properties, news: Properties) {
    const version = { latestVersion: Number(olds.latestVersion) + 1 };
    const outs = { ...olds, ...news, ...(typeOf(urn) === AWS.launchTemplate ? version : {}) };
    this.keep(id, urn, unwrapSecrets(outs) as Properties);
    return { outs };
  }

  private keep(id: string, urn: URN, properties: Properties): void {
    this.account.put({ id, type: typeOf(urn), name: urn.split("::").at(-1) ?? "", properties });
  }

  /** Without properties the engine imports: it is told what the account has. What is gone has no id any more. */
  async read(id: string, urn: URN, props: Properties) {
    const type = typeOf(urn);
    const found = this.account.find(id, type);
    if (found === undefined) return { id: "", props: {} };
    if (Object.keys(props ?? {}).length > 0) return { id, props };
    return { id, props: found.properties, inputs: inputsAmong(type, found.properties) };
  }

  async delete(id: string, urn: URN): Promise<void> {
    const resource = this.account.find(id, typeOf(urn));
    if (resource === undefined) return;
    refuseDeletion(this.account, resource);
    this.account.remove(resource);
  }

  async invoke(token: string, args: Properties) {
    return { outputs: awsAnswer(this.account, token, args) };
  }
}

/** The resource's own type: the last of the parents' types in the URN. */
function typeOf(urn: URN): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

main(new AwsProvider(), process.argv.slice(2));
