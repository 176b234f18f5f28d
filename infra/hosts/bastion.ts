import type { types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../../lib/config";
import { plain } from "../checks/plain";
import type { Secrets } from "../configuration";
import { readKey } from "./key-file";
import { probeSsh } from "./probe-ssh";
import type { SshTarget } from "./ssh-session";

/** Failed dials before a step gives up: about 20 s with the plugin's backoff, for a host that is just restarting sshd. */
export const DIAL_ERROR_LIMIT = 12;

/** The SSH server through which all machines of a stack are reached. */
export interface Bastion {
  /** As the command plugin takes it. */
  readonly proxy: types.input.remote.ProxyConnectionArgs;
  /** `user@address:port`, as `ssh -J` takes it. */
  readonly jump: string;
  readonly target: Omit<SshTarget, "privateKey">;
  readonly privateKey: pulumi.Output<string>;
}

/** The stack's bastion, if it has one. Ends the program where there is no key for it. */
export function bastionOf(
  { bastion }: Pick<Deployment, "bastion">,
  secrets: Pick<Secrets, "sshPrivateKey">,
): Bastion | undefined {
  const { address, port, user, hostKey = "", privateKeyPath } = bastion;
  if (address === undefined) return undefined;
  const privateKey =
    privateKeyPath === undefined
      ? secrets.sshPrivateKey
      : pulumi.secret(readKey(privateKeyPath, "bastion.privateKeyPath"));
  if (privateKey === undefined) {
    throw new pulumi.RunError(
      `bastion (${address}): no SSH key; set bastion.privateKeyPath, or run: ` +
        "pulumi config set --secret shardplan:sshPrivateKey < KEYFILE",
    );
  }
  return {
    proxy: { host: address, port, user, hostKey, privateKey, dialErrorLimit: DIAL_ERROR_LIMIT },
    jump: `${user}@${address}${port === 22 ? "" : `:${port}`}`,
    target: { address, port, user, hostKey },
    privateKey,
  };
}

/** The bastion as this process itself logs in to it. */
export const bastionTarget = async ({ target, privateKey }: Bastion): Promise<SshTarget> => ({
  ...target,
  privateKey: await plain(privateKey),
});

/** Logs in to the bastion and out again: what is wrong and what to do, or nothing. */
export async function probeBastion(bastion: Bastion): Promise<string | undefined> {
  const target = await bastionTarget(bastion);
  const problem = await probeSsh(target);
  return problem === undefined ? undefined : `bastion (${target.address}): ${problem}`;
}
