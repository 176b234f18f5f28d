import * as pulumi from "@pulumi/pulumi";
import { type DeploymentInput, parseDeployment } from "../../lib/config";
import type { Plan } from "../../lib/strategy";
import type { Secrets } from "../configuration";
import { planOrFail } from "../plan-or-fail";
import { orRunError } from "../run-error";

/** What a service is asked for: the deployment as a stack file has it, and its secrets. */
export interface ServiceArgs {
  readonly deployment: DeploymentInput;
  /** Token that may read the model on the hub. */
  readonly huggingFaceToken?: pulumi.Input<string>;
  /** Key of clients; without it the gateway's host makes one. */
  readonly apiKey?: pulumi.Input<string>;
  /** Further keys of clients, by the name of who has them. */
  readonly apiKeys?: pulumi.Input<Readonly<Record<string, string>>>;
  /** PEM of the gateway's certificate and what signs it, and of its private key, with `gateway.ownCertificate`. */
  readonly certificate?: pulumi.Input<string>;
  readonly certificateKey?: pulumi.Input<string>;
  /** URL that is told of alerts, or the password of the mail server's user, with `monitoring.alerts`. */
  readonly alertWebhook?: pulumi.Input<string>;
  readonly alertMailPassword?: pulumi.Input<string>;
}

/** The plan of a service. Ends the program with one line per problem before anything is registered. */
export const planOf = (deployment: DeploymentInput): Plan =>
  planOrFail(orRunError(() => parseDeployment(deployment)));

const secret = <Value>(value: pulumi.Input<Value> | undefined) =>
  value === undefined ? undefined : (pulumi.secret(value) as pulumi.Output<Value>);

/** The secrets of a service, whatever they were given as. */
export function secretsOf(args: ServiceArgs, sshPrivateKey?: pulumi.Input<string>): Secrets {
  return {
    sshPrivateKey: secret(sshPrivateKey),
    huggingFaceToken: secret(args.huggingFaceToken),
    apiKey: secret(args.apiKey),
    apiKeys: secret<Readonly<Record<string, string>>>(args.apiKeys),
    certificate: secret(args.certificate),
    certificateKey: secret(args.certificateKey),
    alertWebhook: secret(args.alertWebhook),
    alertMailPassword: secret(args.alertMailPassword),
  };
}
