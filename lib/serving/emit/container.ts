import { inBackticks, UserError } from "../../config";
import type { Plan } from "../../strategy";
import { hostPaths } from "../host-paths";
import { type EngineServer, engineServers } from "../servers";
import { shellWord } from "../shell-command";
import { servedModelName, vllmArguments } from "../vllm-arguments";

/** Port of vLLM in a container: each has a network of its own. */
export const CONTAINER_PORT = 8000;

/** vLLM's own image of the plan's version. */
export const imageOf = ({ deployment: { serving } }: Plan): string =>
  `vllm/vllm-openai:v${serving.vllmVersion}`;

/** Folder of the weights on the host, where they are not fetched from the hub by name. */
export const weightsFolder = (plan: Plan): string | undefined =>
  plan.deployment.model.source === "hub" ? undefined : hostPaths(plan).model;

/** What differs from the units on a host: where it listens, and how the ranks of one machine start. */
interface Listening {
  readonly host: string;
  readonly port: number;
}

/**
 * The words of `vllm serve` of one server outside our hosts: those of the plan's units, but the weights by their name on the
 * hub, another address, and no Ray where all ranks share a machine (the images do not need it there).
 */
export function serveWords(plan: Plan, server: EngineServer, { host, port }: Listening): string[] {
  const { model, serving } = plan.deployment;
  const paths = hostPaths(plan);
  const fromHub = model.source === "hub";
  const own: Readonly<Record<string, string>> = {
    "--host": host,
    "--port": `${port}`,
    ...(server.nodes.length === 1
      ? { "--distributed-executor-backend": "mp", "--data-parallel-backend": "mp" }
      : {}),
  };
  const [, ...words] = vllmArguments(plan, server);
  const draft = serving.speculative.model;
  return [
    ...["vllm", "serve", fromHub ? model.name : paths.model],
    ...(fromHub ? ["--revision", model.revision] : []),
    ...words
      .map((word, at) => own[words[at - 1] ?? ""] ?? word)
      .map((word) =>
        paths.draft === undefined || draft === undefined ? word : word.replace(paths.draft, draft),
      ),
  ];
}

/** GPUs that a server takes on each of its hosts, by their numbers. */
export function gpusOf(plan: Plan, server: EngineServer): readonly number[] {
  if (server.gpus !== undefined) return server.gpus;
  const { gpus } = plan.strategy;
  const perHost = Math.min(plan.instance.gpus, Math.ceil(gpus / plan.deployment.hardware.nodes));
  return Array.from({ length: perHost }, (_, gpu) => gpu);
}

/** The servers of a plan of one machine. Throws a `UserError` for several machines, which `form` cannot describe. */
export function serversOfOneHost(plan: Plan, form: string): readonly EngineServer[] {
  const { nodes } = plan.deployment.hardware;
  if (nodes === 1) return engineServers(plan);
  throw new UserError({
    code: "several-hosts",
    where: `emit ${form}`,
    message: `describes one machine, and the plan has ${nodes}`,
    hint: `${inBackticks("emit kubernetes")} describes several, \`pulumi up\` deploys them`,
  });
}

/** What every form says at its top: `about` the plan, what the file leaves to others, and `how` it is used. */
export const headOf = (about: readonly string[], how: readonly string[]): string =>
  [
    ...about,
    "No gateway comes with it: put TLS, keys and limits in front, as vLLM's own key does not protect every path.",
    ...how,
  ]
    // A comment ends with its line, whatever a command or a verdict holds.
    .map((line) => `# ${line.replaceAll(/\s*[\r\n]+\s*/g, " ")}\n`)
    .join("");

/** How a service on a port of this machine is asked, and what several servers need. */
export function askLines(plan: Plan, servers: readonly EngineServer[]): string[] {
  const ports = servers.map(({ slot }) => CONTAINER_PORT + slot);
  const body = JSON.stringify({ model: servedModelName(plan), prompt: "Hello", max_tokens: 16 });
  const several = `Ports ${ports.join(", ")} are ${ports.length} servers: something in front has to spread requests over them, as the plan counts on all.`;
  return [...(ports.length > 1 ? [several] : []), askLine(body)];
}

const askLine = (body: string): string =>
  `Ask it: curl http://127.0.0.1:${CONTAINER_PORT}/v1/completions -H 'Content-Type: application/json' -d ${shellWord(body)}`;
