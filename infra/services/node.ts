import * as pulumi from "@pulumi/pulumi";
import type { NodeAddresses } from "../../lib/serving";
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

/** The first node: Ray's head, vLLM's server and the gateway run there. */
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
