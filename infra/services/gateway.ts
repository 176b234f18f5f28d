import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  CERTIFICATE_TIMER,
  certificateKind,
  certificateUnit,
  endpointUrl,
  engineServers,
  gatewayConfig,
  gatewayHosts,
  gatewayUnit,
  hostPaths,
  listenAddress,
  provesName,
  UNITS,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import type { Secrets } from "../configuration";
import { fileOf } from "../files";
import { remoteStep } from "../remote-step";
import { derivedSecret } from "./derived-secret";
import { headOf, type Node, nodesOf } from "./node";

const RENEW = readFileSync(fileOf("programs", "certificate.sh"), "utf8");

export interface GatewayArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly secrets: Secrets;
}

/** A gateway on one host. */
export interface HostGateway {
  readonly node: Node;
  /** Base URL for clients. */
  readonly endpoint: pulumi.Output<string>;
}

/**
 * The gateway: the only port that clients reach. It ends TLS, checks the clients' keys and knows who serves; each host
 * that has one sends to all servers. It stands before the servers do, so that each can be proven to be taken in before the
 * next one restarts.
 */
export class Gateway extends pulumi.ComponentResource {
  readonly hosts: readonly HostGateway[];
  /** PEM certificates with which clients verify the gateways; empty with a public certificate. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** The key by which servers know it; clients never see it. */
  readonly engineKey: pulumi.Output<string>;
  /** Changes when the clients' keys do, and says nothing of them. */
  readonly keyId: pulumi.Output<string>;
  /** Changes with each start that a step has made. */
  readonly start: pulumi.Output<string>;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Gateway", name, {}, opts);
    const { plan, nodes } = args;
    this.engineKey = derivedSecret(nodes, "shardplan: key of the engine");
    const own = gatewayNodes(plan, nodes);
    this.hosts = own.map((node) => ({
      node,
      endpoint: pulumi.output(node.host.address).apply((address) => endpointUrl(plan, address)),
    }));
    const found = pulumi.all(own.map((node) => this.open(args, node)));
    this.certificateAuthority = found.apply((all) => all.map((one) => one.certificateAuthority).join("\n"));
    this.keyId = found.apply((all) => all.map(({ keyId }) => keyId).join(" "));
    this.start = found.apply((all) => all.map(({ start }) => start).join(" "));
    this.registerOutputs({ endpoint: this.hosts[0]?.endpoint });
  }

  private open({ plan, nodes, secrets }: GatewayArgs, { host }: Node) {
    const paths = hostPaths(plan);
    const addresses = engineServers(plan).map((server) =>
      headOf(nodesOf(nodes, server)).address.apply((address) => listenAddress(plan, server, address)),
    );
    const step = remoteStep(
      `${host.name}-gateway`,
      {
        host,
        step: "gateway",
        result: z.object({ certificateAuthority: z.string(), keyId: z.string(), start: z.string() }),
        removable: true,
        parameters: {
          UNIT: UNITS.gateway,
          UNIT_TEXT: gatewayUnit(plan),
          CONFIG_FILE: paths.gatewayConfig,
          CONFIG: pulumi.all(addresses).apply((all) => gatewayConfig(plan, all)),
          KEYS_FILE: paths.clientKeys,
          PORT: plan.deployment.gateway.port,
          ENGINE_KEY_FILE: paths.engineKey,
          ENGINE_KEY: this.engineKey,
          API_KEY: secrets.apiKey ?? sharedKey(plan, nodes),
          API_KEYS_SECRET: plan.deployment.aws.apiKeysSecret ?? "",
          API_KEYS: secrets.apiKeys?.apply(keyLines) ?? "",
          CERTIFICATE: paths.certificate,
          CERTIFICATE_KIND: certificateKind(plan),
          OWN_FILE: paths.ownCertificate,
          OWN: ownCertificate(plan, secrets),
          DOMAIN: plan.deployment.gateway.domain ?? "",
          PUBLIC_ADDRESS: provesName(plan) ? host.address : "",
          RECORD_WAIT_MINUTES: plan.deployment.gateway.recordWaitMinutes,
          AUTHORITY: paths.authority,
          RENEW_FILE: `${paths.configuration}/certificate`,
          RENEW,
          RENEW_UNIT: UNITS.certificate,
          RENEW_UNIT_TEXT: pulumi.output(host.address).apply((address) => certificateUnit(plan, address)),
          TIMER: UNITS.certificateTimer,
          TIMER_TEXT: CERTIFICATE_TIMER,
        },
      },
      { parent: this },
    );
    // The step's input holds keys, so the engine may take all that comes out for secret.
    return pulumi.unsecret(step.result);
  }
}

/** Certificate and key that the stack brings; nothing where the gateway gets them by itself. */
function ownCertificate(plan: Plan, { certificate, certificateKey }: Secrets): pulumi.Input<string> {
  if (certificateKind(plan) !== "own") return "";
  if (certificate !== undefined && certificateKey !== undefined) {
    return pulumi.all([certificate, certificateKey]).apply((parts) => parts.map(endLine).join(""));
  }
  const missing = certificate === undefined ? "certificate" : "certificateKey";
  throw new pulumi.RunError(
    `shardplan:${missing}: is not set, and gateway.ownCertificate takes it from there: pulumi config set --secret shardplan:${missing} < ${missing}.pem`,
  );
}

const endLine = (text: string): string => `${text.trimEnd()}\n`;

/** The nodes that have a gateway. */
export const gatewayNodes = (plan: Plan, nodes: readonly Node[]): readonly Node[] =>
  gatewayHosts(plan).flatMap((at) => nodes[at] ?? []);

/** A single gateway makes the clients' key where it runs; several have to know the same one. */
const sharedKey = (plan: Plan, nodes: readonly Node[]): pulumi.Input<string> =>
  gatewayHosts(plan).length === 1
    ? ""
    : pulumi.interpolate`sk-${derivedSecret(nodes, "shardplan: key of the clients")}`;

/** What a bearer token may have, and what the gateway's file can keep beside it. */
const KEY = /^[A-Za-z0-9._~+/=-]{8,}$/;
const NAME = /^[A-Za-z0-9._-]+$/;

/** Lines of a key and its name, as the gateway reads them. */
export function keyLines(keys: Readonly<Record<string, string>>): string {
  for (const [name, key] of Object.entries(keys)) {
    if (!NAME.test(name))
      throw new pulumi.RunError(`shardplan:apiKeys: ${name} is no name; use letters, digits and . _ -`);
    if (!KEY.test(key))
      throw new pulumi.RunError(
        `shardplan:apiKeys.${name}: is no bearer token; use at least 8 letters, digits and . _ ~ + / = -`,
      );
  }
  return Object.entries(keys)
    .map(([name, key]) => `${key} ${name}`)
    .sort()
    .join("\n");
}
