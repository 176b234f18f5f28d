import * as pulumi from "@pulumi/pulumi";
import { type Deployment, deploymentFromPulumi } from "../lib/config";
import { PROJECT } from "./project";
import { orRunError } from "./run-error";

/** Secrets of the stack; each is absent unless set with `pulumi config set --secret`. */
export interface Secrets {
  readonly sshPrivateKey?: pulumi.Output<string>;
  readonly huggingFaceToken?: pulumi.Output<string>;
  /** PEM of the gateway's certificate and what signs it, and of its private key. */
  readonly certificate?: pulumi.Output<string>;
  readonly certificateKey?: pulumi.Output<string>;
  /** URL that is told of alerts, and the password of the mail server's user, with `monitoring.alerts`. */
  readonly alertWebhook?: pulumi.Output<string>;
  readonly alertMailPassword?: pulumi.Output<string>;
  readonly apiKey?: pulumi.Output<string>;
  /** Further keys of clients, by the name of who has them. */
  readonly apiKeys?: pulumi.Output<Readonly<Record<string, string>>>;
}

/** Pulumi 3.248 knows it and leaves it out of its types; getSecret would make a secret of plain text as well. */
const { isConfigSecret: isEncrypted } = pulumi.runtime as typeof pulumi.runtime & {
  isConfigSecret: (key: string) => boolean;
};

/** The stack's configuration, validated. Ends the program with one line per problem. */
export function readConfiguration(): { deployment: Deployment; secrets: Secrets } {
  const config = new pulumi.Config("shardplan");
  const keys = Object.keys(pulumi.runtime.allConfig());
  const deployment = orRunError(() =>
    deploymentFromPulumi((section) => config.get(section), {
      keys,
      secretKeys: keys.filter((key) => isEncrypted(key)),
      folder: PROJECT,
    }),
  );
  return {
    deployment,
    secrets: {
      sshPrivateKey: config.getSecret("sshPrivateKey"),
      huggingFaceToken: config.getSecret("huggingFaceToken"),
      certificate: config.getSecret("certificate"),
      certificateKey: config.getSecret("certificateKey"),
      alertWebhook: config.getSecret("alertWebhook"),
      alertMailPassword: config.getSecret("alertMailPassword"),
      apiKey: config.getSecret("apiKey"),
      apiKeys: config.getSecretObject<Record<string, string>>("apiKeys"),
    },
  };
}
