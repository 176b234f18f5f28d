import * as pulumi from "@pulumi/pulumi";
import type { Deployment, HostConfig } from "../../lib/config";
import type { Secrets } from "../configuration";
import { bastionOf } from "./bastion";
import type { Host } from "./host";
import { readKey } from "./key-file";

/** Failed dials before a step gives up: about 20 s with the plugin's backoff, for a host that is just restarting sshd. */
export const DIAL_ERROR_LIMIT = 12;

/** Existing machines of the configuration. Registers nothing: they are not the stack's to make or delete. */
export function givenHosts(
  deployment: Pick<Deployment, "hosts" | "bastion">,
  secrets: Secrets,
  prefix = "",
): Host[] {
  const bastion = bastionOf(deployment, secrets);
  return deployment.hosts.map((host, index) => ({
    name: `${prefix}node-${index}`,
    label: hostLabel(host, index),
    address: host.address,
    privateAddress: host.privateAddress ?? host.address,
    user: host.user,
    port: host.port,
    bastion: bastion?.jump,
    outlivesStack: true,
    connection: {
      host: host.address,
      port: host.port,
      user: host.user,
      privateKey: privateKeyOf(host, index, secrets),
      hostKey: host.hostKey,
      dialErrorLimit: DIAL_ERROR_LIMIT,
      proxy: bastion?.proxy,
    },
  }));
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
