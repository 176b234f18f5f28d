import type { Plan } from "../strategy";
import { hostPaths } from "./host-paths";
import { type EngineServer, firstServer, instance, serverPorts } from "./servers";

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
export function rayHeadCommand(
  plan: Plan,
  addresses: NodeAddresses = PLACEHOLDER_ADDRESSES,
  server = firstServer(plan),
): string[] {
  return [
    ...["ray", "start", "--head", `--port=${serverPorts(server).rayHead}`],
    `--node-ip-address=${addresses.head}`,
    ...nodeOptions(plan, server),
    "--include-dashboard=false",
    `--temp-dir=${hostPaths(plan).state}/ray${instance(server)}`,
  ];
}

/** The command that joins a further node to the cluster. */
export function rayWorkerCommand(
  plan: Plan,
  addresses: NodeAddresses = PLACEHOLDER_ADDRESSES,
  server = firstServer(plan),
): string[] {
  return [
    ...["ray", "start", `--address=${addresses.head}:${serverPorts(server).rayHead}`],
    `--node-ip-address=${addresses.node}`,
    ...nodeOptions(plan, server),
  ];
}

/** Servers that share a host each have a Ray of their own: its port for agents must differ, and memory is shared out. */
function nodeOptions(plan: Plan, server: EngineServer): string[] {
  const { gpus, slot } = server;
  const beside =
    gpus === undefined
      ? []
      : [`--dashboard-agent-listen-port=${AGENT_PORT + slot}`, `--object-store-memory=${SHARED_STORE_BYTES}`];
  const count = gpus?.length ?? plan.instance.gpus;
  const metrics = `--metrics-export-port=${serverPorts(server).rayMetrics}`;
  return [`--num-gpus=${count}`, metrics, ...beside, "--disable-usage-stats", "--block"];
}

/** Ray's own default. */
const AGENT_PORT = 52365;

/** vLLM passes tensors by NCCL and messages by its own shared memory; Ray would take 30 % of the host's memory each time. */
const SHARED_STORE_BYTES = 1_000_000_000;
