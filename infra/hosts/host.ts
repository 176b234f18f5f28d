import type { types } from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";

/** A machine that the program reaches over SSH, wherever it comes from. */
export interface Host {
  /** Short name for resources: node-0, node-1, ... */
  readonly name: string;
  /** How messages call it: the config key and the address, so that a reader knows where to look. */
  readonly label: pulumi.Input<string>;
  /** Address that clients and the program use. */
  readonly address: pulumi.Input<string>;
  /** Address that the other hosts use; empty: the host's own default route decides. */
  readonly privateAddress: pulumi.Input<string>;
  readonly connection: pulumi.Input<types.input.remote.ConnectionArgs>;
  /** SSH user and port, for a reader. */
  readonly user: string;
  readonly port: number;
  /** `user@address:port` of the bastion through which the host is reached, for a reader. */
  readonly bastion?: string;
  /** The stack's own machine, with which all on it goes; absent for one that stays: its services are removed one by one. */
  readonly machine?: pulumi.Resource;
  /** The account of that machine. */
  readonly account?: pulumi.ProviderResource;
  /** Log group of CloudWatch that takes what its units say; absent where none does. */
  readonly logGroup?: pulumi.Output<string>;
}

/** Where machines belong that are not the program's own stack's: what stands before their names, parent, and account. */
export interface HostsScope {
  readonly prefix?: string;
  readonly parent?: pulumi.Resource;
  readonly provider?: pulumi.ProviderResource;
}

/** The SSH command by which a person reaches the host. */
export const sshCommand = (host: Host, address: string): string =>
  `ssh ${host.bastion === undefined ? "" : `-J ${host.bastion} `}${host.port === 22 ? "" : `-p ${host.port} `}${host.user}@${address}`;
