import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { HostConfig } from "../../lib/config";
import type { Secrets } from "../configuration";
import { PROJECT } from "../project";
import type { Host } from "./host";

/** Failed dials before a step gives up: about 20 s with the plugin's backoff, for a host that is just restarting sshd. */
const DIAL_ERROR_LIMIT = 12;

/** Existing machines of the configuration. Registers nothing: they are not the stack's to make or delete. */
export function givenHosts(hosts: readonly HostConfig[], secrets: Secrets): Host[] {
  return hosts.map((host, index) => ({
    name: `node-${index}`,
    label: hostLabel(host, index),
    address: host.address,
    privateAddress: host.privateAddress ?? host.address,
    user: host.user,
    port: host.port,
    outlivesStack: true,
    connection: {
      host: host.address,
      port: host.port,
      user: host.user,
      privateKey: privateKeyOf(host, index, secrets),
      hostKey: host.hostKey,
      dialErrorLimit: DIAL_ERROR_LIMIT,
    },
  }));
}

/** `hosts[0] (10.0.0.5)`: the config key and the address. */
export const hostLabel = (host: HostConfig, index: number): string => `hosts[${index}] (${host.address})`;

/** The private key by which the program reaches a given host. Ends the program where there is none. */
export function privateKeyOf(host: HostConfig, index: number, secrets: Secrets): pulumi.Output<string> {
  if (host.privateKeyPath !== undefined) return pulumi.secret(readKey(host.privateKeyPath, index));
  if (secrets.sshPrivateKey !== undefined) return secrets.sshPrivateKey;
  throw new pulumi.RunError(
    `${hostLabel(host, index)}: no SSH key; set privateKeyPath of this host, ` +
      "or run: pulumi config set --secret shardplan:sshPrivateKey < KEYFILE",
  );
}

/** As a shell and a reader of the stack file take it: `~` is the home folder, relative is relative to that file. */
export const keyFile = (path: string): string =>
  path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(PROJECT, path);

function readKey(path: string, index: number): string {
  try {
    return readFileSync(keyFile(path), "utf8");
  } catch (error) {
    throw new pulumi.RunError(
      `hosts[${index}].privateKeyPath: cannot read ${path} (${error instanceof Error ? error.message : error}); ` +
        "set it to the file of an SSH private key on this machine",
    );
  }
}
