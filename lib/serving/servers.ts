import { type Plan, stepsTogether } from "../strategy";
import { PORTS } from "./ports";

/** One `vllm serve`: a replica that needs no other, or all of them where they step together. */
export interface EngineServer {
  /** Among all servers of the plan. */
  readonly index: number;
  /** Among those on its host: ports and names of units follow from it. */
  readonly slot: number;
  /** Hosts that it runs on, counted from 0; its API listens on the first. */
  readonly nodes: readonly number[];
  /** GPUs of its host, counted from 0, where it shares the host with others; else all of them are its own. */
  readonly gpus?: readonly number[];
  /** Replicas in it, which vLLM's own data parallelism places. */
  readonly replicas: number;
}

/**
 * The servers of a plan. Replicas that share no experts have nothing to say to each other, so each is a server of its own:
 * when one fails or restarts the others serve on. Those that share them stay one engine.
 */
export function engineServers(plan: Plan): readonly EngineServer[] {
  const { dataParallel } = plan.strategy;
  const nodes = Array.from({ length: plan.deployment.hardware.nodes }, (_, node) => node);
  if (dataParallel === 1 || stepsTogether(plan, plan.strategy)) {
    return [{ index: 0, slot: 0, nodes, replicas: dataParallel }];
  }
  const perNode = plan.instance.gpus;
  const each = plan.strategy.tensorParallel * plan.strategy.pipelineParallel;
  const shared = each < perNode;
  return Array.from({ length: dataParallel }, (_, index) => {
    const first = index * each;
    const slot = Math.floor((first % perNode) / each);
    const gpus = Array.from({ length: each }, (_, rank) => slot * each + rank);
    const spans = Math.ceil(each / perNode);
    const node = Math.floor(first / perNode);
    const own = Array.from({ length: spans }, (_, at) => node + at);
    return { index, slot, nodes: own, replicas: 1, ...(shared ? { gpus } : {}) };
  });
}

/** The server that a reader is shown for all: they differ in addresses, ports and GPUs. */
export function firstServer(plan: Plan): EngineServer {
  const [first] = engineServers(plan);
  if (first === undefined) throw new Error("a plan has at least one server");
  return first;
}

/** Names of a server's units: the first on a host has the plain ones, so that none restarts when others come beside it. */
export function serverUnits({ slot }: Pick<EngineServer, "slot">) {
  const name = (unit: string) => `shardplan-${unit}${instance({ slot })}.service`;
  return {
    rayHead: name("ray-head"),
    rayWorker: name("ray-worker"),
    vllm: name("vllm"),
    watchdog: name("watchdog"),
  } as const;
}

/** What stands behind the name of whatever a server has for itself on its host. */
export const instance = ({ slot }: Pick<EngineServer, "slot">): string => (slot === 0 ? "" : `@${slot}`);

/** TCP ports of a server on its host. */
export function serverPorts({ slot }: Pick<EngineServer, "slot">) {
  return {
    vllm: PORTS.vllm + slot,
    rayHead: PORTS.rayHead + slot,
    rayMetrics: PORTS.rayMetrics + slot,
  } as const;
}

/** Hosts with a gateway, counted from 0. */
export const gatewayHosts = ({ deployment: { gateway, hardware } }: Plan): readonly number[] =>
  gateway.on === "first" ? [0] : Array.from({ length: hardware.nodes }, (_, node) => node);

/**
 * Address on which a server's API listens: loopback when the only gateway is beside it; else the address that the
 * cluster's hosts reach, and nobody else.
 */
export const listenAddress = (plan: Plan, { nodes }: Pick<EngineServer, "nodes">, address: string): string =>
  nodes[0] === 0 && gatewayHosts(plan).length === 1 ? "127.0.0.1" : address;
