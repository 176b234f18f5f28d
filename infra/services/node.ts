import * as pulumi from "@pulumi/pulumi";
import type { EngineServer, NodeAddresses } from "../../lib/serving";
import type { Host } from "../hosts/host";

/** A host whose place in the cluster is known. */
export interface Node {
  readonly host: Host;
  /** Address that the other nodes reach. */
  readonly address: pulumi.Output<string>;
  /** All addresses from which it may speak to the other nodes. */
  readonly addresses: pulumi.Output<readonly string[]>;
  /** Interface that has this address. */
  readonly networkInterface: pulumi.Output<string>;
}

/** The nodes of a server, its first one first. */
export const nodesOf = (nodes: readonly Node[], server: EngineServer): readonly Node[] =>
  server.nodes.flatMap((at) => nodes[at] ?? []);

/** Name of a step that a host has once for each server on it; that of the first has the plain one. */
export const stepName = ({ host }: Node, step: string, { slot }: EngineServer): string =>
  `${host.name}-${step}${slot === 0 ? "" : `-${slot}`}`;

/** The first of some nodes: of all, where a single gateway runs; of a server's, where its API listens. */
export function headOf(nodes: readonly Node[]): Node {
  const [head] = nodes;
  if (head === undefined) throw new Error("a plan has at least one node");
  return head;
}

/** Addresses of `node` within the cluster that `head` leads. */
export function clusterAddresses(head: Node, node: Node): pulumi.Output<NodeAddresses> {
  return pulumi
    .all([head.address, node.address, node.networkInterface])
    .apply(([headAddress, nodeAddress, networkInterface]) => ({
      head: headAddress,
      node: nodeAddress,
      networkInterface,
    }));
}
