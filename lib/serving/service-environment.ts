import type { Plan } from "../strategy";
import { efaEnvironment } from "./efa";
import { hostPaths } from "./host-paths";
import type { NodeAddresses } from "./ray-commands";
import { firstServer, serverPorts } from "./servers";

/** Environment of vLLM wherever it runs: names no address and no path, holds no secret. The user's own variables win. */
export const engineEnvironment = ({ deployment: { serving } }: Plan): Record<string, string> => ({
  VLLM_NO_USAGE_STATS: "1",
  DO_NOT_TRACK: "1",
  // FlashInfer's sampler is compiled when the server starts, by a CUDA compiler that plain images lack; the one that
  // vLLM's own packages bring (13.5) refuses their headers (13.0), and vLLM asks for neither (vllm-project/vllm #49497).
  VLLM_USE_FLASHINFER_SAMPLER: "0",
  // vLLM's own limit of 10 minutes is short for 141 GB from a network volume.
  VLLM_ENGINE_READY_TIMEOUT_S: `${Math.round(serving.readyTimeoutMinutes * 60)}`,
  ...serving.environment,
});

/**
 * Environment of Ray and vLLM of one server on one node. Holds no secret: keys and tokens come from files that only root reads.
 *
 * Addresses and interfaces are always named: with several network cards vLLM, Gloo and NCCL each guess, and guess
 * differently. The user's own variables come last and win.
 */
export function serviceEnvironment(
  plan: Plan,
  addresses: NodeAddresses,
  server = firstServer(plan),
): Record<string, string> {
  const paths = hostPaths(plan);
  const { serving } = plan.deployment;
  return {
    PATH: `${paths.pythonEnvironment}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: paths.state,
    // Nobody reads it: with another version the units differ, and so the services start anew on it.
    SHARDPLAN_ENGINE: `vllm ${serving.vllmVersion} ray ${serving.rayVersion}`,
    VLLM_CACHE_ROOT: `${paths.state}/cache/vllm`,
    // Its default is a folder of a known name in /tmp, where anybody may put one.
    TORCHINDUCTOR_CACHE_DIR: `${paths.state}/cache/torchinductor`,
    VLLM_HOST_IP: addresses.node,
    GLOO_SOCKET_IFNAME: addresses.networkInterface,
    NCCL_SOCKET_IFNAME: addresses.networkInterface,
    ...efaEnvironment(plan),
    ...(plan.serving.executor === "ray"
      ? { RAY_ADDRESS: `${addresses.head}:${serverPorts(server).rayHead}` }
      : {}),
    ...(server.gpus === undefined ? {} : { CUDA_VISIBLE_DEVICES: server.gpus.join(",") }),
    // Ray runs its workers, which are the ranks here, at niceness 15: any other process of the host would go first.
    ...(plan.serving.executor === "ray" ? { RAY_worker_niceness: "0" } : {}),
    // Weights are on the host before the server starts: nothing is fetched, nothing is reported home.
    HF_HUB_OFFLINE: "1",
    RAY_USAGE_STATS_ENABLED: "0",
    ...engineEnvironment(plan),
  };
}
