import type { Curve } from "./log-log";

/** Collectives of a group of ranks by bytes of the whole message (as nccl-tests counts them), in microseconds. */
export interface Collectives {
  readonly allReduceUs: Curve;
  readonly allGatherUs: Curve;
  readonly reduceScatterUs: Curve;
  /** Bytes are what each rank holds and sends away. */
  readonly allToAllUs: Curve;
}

/** Collectives within a node by number of ranks, and sends between two GPUs of it. */
export interface NodeCollectives {
  of(ranks: number): Collectives;
  readonly sendUs: Curve;
}

/** A network between nodes as one GPU sees it. */
export interface Network {
  /** Rated bytes per second and direction. */
  readonly bytesPerSecondPerGpu: number;
  readonly latencyUs: number;
}

/**
 * Share of the rated network bandwidth that large messages reach: 36 of 50 GB/s between two DGX H100
 * (microsoft/vidur commit 7d47513, data/profiling/network/h100_dgx/send_recv.csv, 64 MiB, read 2026-11-22).
 */
const NETWORK_SHARE = 0.72;

/** Time to send bytes to a GPU of another node. */
export const networkSendUs =
  ({ bytesPerSecondPerGpu, latencyUs }: Network): Curve =>
  (bytes) =>
    latencyUs + (bytes * 1e6) / (bytesPerSecondPerGpu * NETWORK_SHARE);

/**
 * Collectives of `ranks` GPUs, of which `ranksInNode` share a node. Across nodes: the hierarchical algorithm
 * (reduce-scatter in the node, ring of the shares over the network with every GPU's link in use, all-gather in the node).
 */
export function groupCollectives(
  node: NodeCollectives,
  ranks: number,
  places: { ranksInNode: number; network: Network },
): Collectives {
  const inNode = Math.min(ranks, places.ranksInNode);
  const nodes = Math.ceil(ranks / inNode);
  const local = inNode > 1 ? node.of(inNode) : alone;
  if (nodes === 1) return local;
  const send = networkSendUs(places.network);
  const ring = (bytes: number) => (nodes - 1) * send(bytes / nodes / inNode);
  return {
    allReduceUs: (bytes) => local.reduceScatterUs(bytes) + 2 * ring(bytes) + local.allGatherUs(bytes),
    allGatherUs: (bytes) => ring(bytes) + local.allGatherUs(bytes),
    reduceScatterUs: (bytes) => local.reduceScatterUs(bytes) + ring(bytes),
    allToAllUs: (bytes) => local.allToAllUs(bytes / nodes) + send((bytes * (nodes - 1)) / nodes),
  };
}

const nothing: Curve = () => 0;

/** A group of one rank has nothing to exchange. */
const alone: Collectives = {
  allReduceUs: nothing,
  allGatherUs: nothing,
  reduceScatterUs: nothing,
  allToAllUs: nothing,
};
