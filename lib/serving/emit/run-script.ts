import type { Plan } from "../../strategy";
import { engineEnvironment } from "../service-environment";
import { shellCommand, shellWord } from "../shell-command";
import { askLines, CONTAINER_PORT, gpusOf, headOf, serversOfOneHost, serveWords } from "./container";

/**
 * A bash script that starts the plan's servers on one machine and ends when one of them does. `about` says at its top what it
 * is. Throws a `UserError` for a plan of several machines.
 */
export function runScript(plan: Plan, about: readonly string[] = []): string {
  const servers = serversOfOneHost(plan, "script");
  const exports = Object.entries(engineEnvironment(plan)).map(
    ([name, value]) => `export ${name}=${shellWord(value)}`,
  );
  const starts = servers.map((server) => {
    const listening = { host: "127.0.0.1", port: CONTAINER_PORT + server.slot };
    const words = shellCommand(serveWords(plan, server, listening));
    return servers.length === 1
      ? `exec ${words}`
      : `CUDA_VISIBLE_DEVICES=${gpusOf(plan, server).join(",")} ${words} &`;
  });
  const together = ["trap 'kill 0' EXIT", ...starts, "# One that ends takes the others with it.", "wait -n"];
  return [
    "#!/usr/bin/env bash",
    headOf(about, [
      `It needs vLLM ${plan.deployment.serving.vllmVersion} on the path, and the variable HF_TOKEN of its environment where the model is gated.`,
      ...askLines(plan, servers),
    ]).trimEnd(),
    "set -euo pipefail",
    ...exports,
    ...(servers.length === 1 ? starts : together),
    "",
  ].join("\n");
}
