import * as pulumi from "@pulumi/pulumi";
import { utils } from "ssh2";
import type { Deployment } from "../../lib/config";
import type { Secrets } from "../configuration";

/** The key by which the program logs in to the instances: the private half stays a secret of the stack. */
export interface SshKey {
  readonly privateKey: pulumi.Output<string>;
  readonly publicKey: pulumi.Output<string>;
}

/** The stack's SSH key. The public half follows from the private one unless it is configured. */
export function sshKeyOf(deployment: Deployment, { sshPrivateKey }: Secrets): SshKey {
  if (sshPrivateKey === undefined) {
    throw new pulumi.RunError(
      "shardplan:sshPrivateKey: is not set; make a key and store it as a secret of the stack: " +
        "ssh-keygen -q -t ed25519 -N '' -f shardplan-key && " +
        "pulumi config set --secret shardplan:sshPrivateKey < shardplan-key",
    );
  }
  const { sshPublicKey } = deployment.aws;
  return {
    privateKey: sshPrivateKey,
    publicKey:
      sshPublicKey === undefined
        ? pulumi.unsecret(sshPrivateKey.apply(publicHalf))
        : pulumi.output(sshPublicKey),
  };
}

/** `ssh-ed25519 AAAA...` of a private key in OpenSSH or PEM form. */
export function publicHalf(privateKey: string): string {
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error) {
    throw new pulumi.RunError(
      `shardplan:sshPrivateKey: cannot be read (${parsed.message}); give an unencrypted OpenSSH or PEM key`,
    );
  }
  return `${parsed.type} ${parsed.getPublicSSH().toString("base64")}`;
}
