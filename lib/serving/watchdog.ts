import { basename, dirname } from "node:path/posix";
import type { Plan } from "../strategy";
import { hostPaths } from "./host-paths";
import { PORTS } from "./ports";
import { systemdUnit } from "./systemd-unit";
import { NEEDS_NO_HOST, UNITS } from "./units";
import { servedModelName } from "./vllm-arguments";

/**
 * The watchdog beside vLLM. It may end services and read the API key, so it runs as root; it listens nowhere.
 * With Ray, a wedged rank is one of Ray's processes: both are ended.
 */
export function watchdogUnit(plan: Plan): string {
  const { configuration, secrets, ready } = hostPaths(plan);
  const killed = plan.serving.executor === "ray" ? [UNITS.vllm, UNITS.rayHead] : [UNITS.vllm];
  return systemdUnit({
    description: "shardplan: watches vLLM",
    after: [UNITS.vllm],
    user: "root",
    environment: {
      VLLM_UNIT: UNITS.vllm,
      KILL_UNITS: killed.join(" "),
      PORT: `${PORTS.vllm}`,
      MODEL: JSON.stringify(servedModelName(plan)),
      KEY_FILE: `${secrets}/api-key`,
      READY: ready,
    },
    command: [`${configuration}/watchdog`],
    restartSeconds: 5,
    stopSeconds: 10,
    options: [
      // The gateway looks into it; what it says stays true while the watchdog is away.
      `RuntimeDirectory=${basename(dirname(ready))}`,
      "RuntimeDirectoryPreserve=yes",
      ...NEEDS_NO_HOST,
      "CapabilityBoundingSet=",
    ],
  });
}
