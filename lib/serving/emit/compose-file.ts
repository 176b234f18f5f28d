import type { Plan } from "../../strategy";
import { engineEnvironment } from "../service-environment";
import { yamlText } from "../yaml-text";
import {
  askLines,
  CONTAINER_PORT,
  gpusOf,
  headOf,
  imageOf,
  serversOfOneHost,
  serveWords,
  weightsFolder,
} from "./container";

/**
 * compose.yaml of a plan of one machine: a service for each server, on the host's loopback address. `about` says at its top
 * what it is. Throws a `UserError` for a plan of several machines.
 */
export function composeFile(plan: Plan, about: readonly string[] = []): string {
  const weights = weightsFolder(plan);
  const servers = serversOfOneHost(plan, "compose");
  const services = servers.map((server) => {
    const [, ...command] = serveWords(plan, server, { host: "0.0.0.0", port: CONTAINER_PORT });
    const devices = [
      { driver: "nvidia", device_ids: gpusOf(plan, server).map(String), capabilities: ["gpu"] },
    ];
    return [
      `vllm-${server.index}`,
      {
        image: imageOf(plan),
        entrypoint: ["vllm"],
        // Compose reads a dollar as its own variable.
        command: command.map((word) => word.replaceAll("$", "$$$$")),
        // Without a value it is the one of whoever starts it.
        environment: { ...engineEnvironment(plan), HF_TOKEN: null },
        ports: [`127.0.0.1:${CONTAINER_PORT + server.slot}:${CONTAINER_PORT}`],
        // The ranks pass messages through shared memory.
        ipc: "host",
        ulimits: { memlock: -1 },
        volumes: [
          "huggingface:/root/.cache/huggingface",
          ...(weights === undefined ? [] : [`${weights}:${weights}:ro`]),
        ],
        deploy: { resources: { reservations: { devices } } },
        healthcheck: {
          test: ["CMD", "curl", "--fail", "--silent", `http://127.0.0.1:${CONTAINER_PORT}/health`],
          ...{ interval: "10s", timeout: "5s", retries: 3 },
          start_period: `${Math.round(plan.deployment.serving.readyTimeoutMinutes * 60)}s`,
        },
        restart: "always",
        stop_grace_period: "2m",
      },
    ] as const;
  });
  const file = { services: Object.fromEntries(services), volumes: { huggingface: {} } };
  const how = [
    "A gated model needs a token: `HF_TOKEN: null` takes the variable HF_TOKEN of the shell that runs docker compose, or of .env.",
    "Start it with: docker compose up",
    ...askLines(plan, servers),
  ];
  return `${headOf(about, how)}${yamlText(file)}`;
}
