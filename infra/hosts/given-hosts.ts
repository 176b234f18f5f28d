import * as pulumi from "@pulumi/pulumi";
import type { Deployment, HostConfig } from "../../lib/config";
import type { Secrets } from "../configuration";
import { type Bastion, bastionOf, DIAL_ERROR_LIMIT } from "./bastion";
import type { Host } from "./host";
import { readKey } from "./key-file";

/** Existing machines of the configuration. Registers nothing: they are not the stack's to make or delete. */
export function givenHosts(
  deployment: Pick<Deployment, "hosts" | "bastion">,
  secrets: Secrets,
  prefix = "",
): Host[] {
  const bastion = bastionOf(deployment, secrets);
  return deployment.hosts.map((host, index) => {
    const name = `${prefix}node-${index}`;
    const privateKey = privateKeyOf(host, index, secrets);
    return existingHost({ ...host, name, label: hostLabel(host, index), privateKey }, bastion);
  });
}

/** A machine that is there before the stack. */
export interface ExistingHost {
  readonly name: string;
  readonly label: pulumi.Input<string>;
  readonly address: pulumi.Input<string>;
  /** Address that the other hosts use. Default: address. */
  readonly privateAddress?: pulumi.Input<string>;
  readonly port: number;
  readonly user: string;
  readonly privateKey: pulumi.Output<string>;
  readonly hostKey: pulumi.Input<string>;
}

/** An existing machine as the program reaches it, and as it stays when the stack goes. */
export function existingHost(host: ExistingHost, bastion: Bastion | undefined): Host {
  const { name, label, address, privateAddress = address, port, user, privateKey, hostKey } = host;
  return {
    name,
    label,
    address,
    privateAddress,
    user,
    port,
    bastion: bastion?.jump,
    connection: {
      host: address,
      port,
      user,
      privateKey,
      hostKey,
      dialErrorLimit: DIAL_ERROR_LIMIT,
      proxy: bastion?.proxy,
    },
  };
}

/** `hosts[0] (10.0.0.5)`: the config key and the address. */
export const hostLabel = (host: HostConfig, index: number): string => `hosts[${index}] (${host.address})`;

/** The private key by which the program reaches a given host. Ends the program where there is none. */
export function privateKeyOf(host: HostConfig, index: number, secrets: Secrets): pulumi.Output<string> {
  if (host.privateKeyPath !== undefined)
    return pulumi.secret(readKey(host.privateKeyPath, `hosts[${index}].privateKeyPath`));
  if (secrets.sshPrivateKey !== undefined) return secrets.sshPrivateKey;
  throw new pulumi.RunError(
    `${hostLabel(host, index)}: no SSH key; set privateKeyPath of this host, ` +
      "or run: pulumi config set --secret shardplan:sshPrivateKey < KEYFILE",
  );
}
