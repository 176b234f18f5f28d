import { basename, dirname } from "node:path/posix";
import type { Plan } from "../strategy";
import { hostPaths } from "./host-paths";
import { type EngineServer, gatewayHosts, listenAddress, serverPorts, serverUnits } from "./servers";
import { systemdUnit } from "./systemd-unit";
import { NEEDS_NO_HOST, readyFile, UNITS } from "./units";
import { servedModelName } from "./vllm-arguments";

/**
 * The watchdog beside a server of vLLM. It may end services and read the key, so it runs as root; it listens nowhere.
 * With Ray, a wedged rank is one of Ray's processes: both are ended.
 */
export function watchdogUnit(plan: Plan, server: EngineServer, address: string): string {
  const { configuration, secrets } = hostPaths(plan);
  const { vllm, rayHead } = serverUnits(server);
  const ready = readyFile(plan, server);
  const killed = plan.serving.executor === "ray" ? [vllm, rayHead] : [vllm];
  const hasGateway = gatewayHosts(plan).includes(server.nodes[0] ?? 0);
  return systemdUnit({
    description: "shardplan: watches vLLM",
    after: [vllm],
    user: "root",
    environment: {
      VLLM_UNIT: vllm,
      KILL_UNITS: killed.join(" "),
      BESIDE_UNITS: [...killed.slice(1), ...(hasGateway ? [UNITS.gateway] : [])].join(" "),
      ADDRESS: listenAddress(plan, server, address),
      PORT: `${serverPorts(server).vllm}`,
      MODEL: JSON.stringify(servedModelName(plan)),
      KEY_FILE: `${secrets}/engine-key`,
      READY: ready,
    },
    command: [`${configuration}/watchdog`],
    restartSeconds: 5,
    stopSeconds: 10,
    options: [
      // Steps look into it; what it says stays true while the watchdog is away.
      `RuntimeDirectory=${basename(dirname(ready))}`,
      "RuntimeDirectoryPreserve=yes",
      // A look takes 50 s at most, and waits say every 30 s that it lives. A process that a signal holds says nothing.
      "WatchdogSec=120",
      "NotifyAccess=all",
      ...NEEDS_NO_HOST,
      "CapabilityBoundingSet=",
    ],
  });
}
