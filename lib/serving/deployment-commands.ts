import type { Plan } from "../strategy";
import { type NodeAddresses, PLACEHOLDER_ADDRESSES, rayHeadCommand, rayWorkerCommand } from "./ray-commands";
import { engineServers, firstServer } from "./servers";
import { shellCommand } from "./shell-command";
import { endpointUrl, verificationRequest } from "./verification-request";
import { vllmArguments } from "./vllm-arguments";

/** The commands that the services run, as lines for a POSIX shell. */
export interface DeploymentCommands {
  /** Absent with the multiprocessing executor. */
  readonly rayHead?: string;
  /** Absent on a single node. */
  readonly rayWorker?: string;
  /** Of the first server, where there are several. */
  readonly vllm: string;
  readonly servers: number;
  /** The verification request through the gateway, with $SHARDPLAN_API_KEY in the environment. */
  readonly verification: string;
}

/** Deployment commands exactly as the units run them; addresses that are not known yet are named in angle brackets. */
export function deploymentCommands(
  plan: Plan,
  addresses: NodeAddresses = PLACEHOLDER_ADDRESSES,
): DeploymentCommands {
  const overRay = plan.serving.executor === "ray";
  const server = firstServer(plan);
  return {
    ...(overRay ? { rayHead: readable(rayHeadCommand(plan, addresses)) } : {}),
    ...(overRay && server.nodes.length > 1 ? { rayWorker: readable(rayWorkerCommand(plan, addresses)) } : {}),
    vllm: shellCommand(["vllm", "serve", ...vllmArguments(plan)]),
    servers: engineServers(plan).length,
    verification: [
      `curl --fail${authority(plan)} ${endpointUrl(plan, addresses.head)}/v1/completions`,
      `-H "Authorization: Bearer $SHARDPLAN_API_KEY"`,
      "-H 'Content-Type: application/json'",
      `-d ${shellCommand([JSON.stringify(verificationRequest(plan))])}`,
    ].join(" "),
  };
}

/** Without a domain the gateway has its own authority: `pulumi stack output certificateAuthority > ca.pem`. */
const authority = ({ deployment: { gateway } }: Plan): string =>
  gateway.domain === undefined ? " --cacert ca.pem" : "";

/** Placeholders in angle brackets stay unquoted: they are for a reader to replace. */
const readable = (words: readonly string[]) =>
  words.map((word) => (word.includes("<") ? word : shellCommand([word]))).join(" ");
