import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  answersQuestions,
  certificateKind,
  firstServer,
  GREEDY_QUESTION,
  hostPaths,
  listenAddress,
  openPaths,
  PLACEHOLDER_ADDRESSES,
  servedModelName,
  serverPorts,
  serverUnits,
  verificationRequest,
  vllmUnit,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import type { Gateway, HostGateway } from "./gateway";
import { headOf, type Node, nodesOf } from "./node";
import type { VllmService } from "./vllm-service";

const completion = z.object({
  text: z.string(),
  completionTokens: z.number(),
  seconds: z.number(),
  model: z.string(),
  version: z.string(),
});

/** A real completion and what vLLM said of itself. */
export type Completion = z.infer<typeof completion>;

export interface VerificationArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly gateway: Gateway;
  readonly servers: readonly VllmService[];
}

/** Paths that vLLM's own key leaves open, some of them unless the configuration opens them, too. */
const CLOSED_PATHS = ["/metrics", "/tokenize", "/invocations"];

/** Proves the service through each gateway, as a client would; runs again whenever what is served changes. */
export class Verification extends pulumi.ComponentResource {
  readonly completion: pulumi.Output<Completion>;

  constructor(name: string, args: VerificationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Verification", name, {}, opts);
    const proofs = args.gateway.hosts.map((gateway) => this.prove(args, gateway));
    this.completion = pulumi.all(proofs).apply(([first]) => first as Completion);
    this.registerOutputs({ completion: this.completion });
  }

  private prove({ plan, nodes, gateway, servers }: VerificationArgs, { node, endpoint }: HostGateway) {
    const { host } = node;
    const server = firstServer(plan);
    const { address } = headOf(nodesOf(nodes, server));
    const step = remoteStep(
      `${host.name}-verify`,
      {
        host,
        step: "verify",
        result: completion,
        parameters: {
          ENDPOINT: endpoint,
          CONNECT: endpoint.apply(hostAndPort),
          PORT: plan.deployment.gateway.port,
          CERTIFICATE: certificateKind(plan),
          AUTHORITY: hostPaths(plan).authority,
          OWN_FILE: hostPaths(plan).ownCertificate,
          CLOSED_PATHS: CLOSED_PATHS.filter((path) => !openPaths(plan).includes(path)).join(" "),
          REQUEST: JSON.stringify(verificationRequest(plan)),
          QUESTION: answersQuestions(plan) ? greedyQuestion(plan) : "",
          EXPECTED: GREEDY_QUESTION.answer,
          MODEL_NAME: servedModelName(plan),
          VLLM_VERSION: plan.deployment.serving.vllmVersion,
          VLLM_UNIT: serverUnits(server).vllm,
          VLLM_ADDRESS: address.apply((text) => listenAddress(plan, server, text)),
          VLLM_PORT: serverPorts(server).vllm,
          KEY_ID: gateway.keyId,
          STARTS: pulumi.all([...servers, gateway].map(({ start }) => start)).apply((all) => all.join(" ")),
          SERVED: digest(vllmUnit(plan, PLACEHOLDER_ADDRESSES)),
        },
      },
      { parent: this },
    );
    return step.result;
  }
}

/** Asked without chance: the likeliest tokens only. */
const greedyQuestion = (plan: Plan): string =>
  JSON.stringify({
    model: servedModelName(plan),
    prompt: GREEDY_QUESTION.prompt,
    temperature: 0,
    max_tokens: 16,
  });

/** Host and port of a URL as curl's --connect-to wants them. */
function hostAndPort(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || "443"}`;
}

/** The script does not read it: a changed service changes it, and so the proof is made again. */
const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);
