import type { Plan } from "../strategy";
import { hostPaths } from "./host-paths";
import { PORTS } from "./ports";

/** Addresses of a node within its cluster. The defaults are placeholders for a reader. */
export interface NodeAddresses {
  /** Address of the head that the other nodes reach. */
  readonly head: string;
  /** Address of this node that the other nodes reach. */
  readonly node: string;
  /** Network interface that has this address. */
  readonly networkInterface: string;
}

/** What stands for addresses that are known only once the hosts are. */
export const PLACEHOLDER_ADDRESSES: NodeAddresses = {
  head: "<head_ip>",
  node: "<node_ip>",
  networkInterface: "<interface>",
};

/**
 * The command that starts Ray on the first node. It stays in the foreground (`--block`) so that systemd sees it die.
 * The dashboard is off: its job interface runs code for whoever reaches it.
 */
export function rayHeadCommand(plan: Plan, addresses: NodeAddresses = PLACEHOLDER_ADDRESSES): string[] {
  return [
    ...["ray", "start", "--head", `--port=${PORTS.rayHead}`],
    `--node-ip-address=${addresses.head}`,
    ...nodeOptions(plan),
    "--include-dashboard=false",
    `--temp-dir=${hostPaths(plan).state}/ray`,
  ];
}

/** The command that joins a further node to the cluster. */
export function rayWorkerCommand(plan: Plan, addresses: NodeAddresses = PLACEHOLDER_ADDRESSES): string[] {
  return [
    ...["ray", "start", `--address=${addresses.head}:${PORTS.rayHead}`],
    `--node-ip-address=${addresses.node}`,
    ...nodeOptions(plan),
  ];
}

function nodeOptions({ instance }: Plan): string[] {
  return [`--num-gpus=${instance.gpus}`, "--disable-usage-stats", "--block"];
}
