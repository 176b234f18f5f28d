import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  balancedName,
  checkSeconds,
  type EngineServer,
  engineServers,
  GATEWAY,
  hostPaths,
  PLACEHOLDER_ADDRESSES,
  rayHeadUnit,
  vllmUnit,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import { type Gateway, gatewayNodes } from "./gateway";
import type { Node } from "./node";
import { RayCluster } from "./ray-cluster";
import { VllmService } from "./vllm-service";
import { Watchdog } from "./watchdog";

export interface ServersArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly gateway: Gateway;
  /** In front of the names of what is made, and where it belongs; neither in the program's own stack. */
  readonly prefix: string;
  readonly within: pulumi.ComponentResourceOptions;
}

/**
 * Every server of the plan, one after the other: a change restarts the next only when the last one serves again and the
 * gateway has taken it back. The first that fails ends the change, and the others serve on as they were.
 */
export function startServers({ plan, nodes, gateway, prefix, within }: ServersArgs): {
  readonly services: readonly VllmService[];
  readonly last: readonly pulumi.Resource[];
} {
  const started: VllmService[] = [];
  let last: readonly pulumi.Resource[] = [gateway];
  for (const server of engineServers(plan)) {
    const name = (part: string) => `${prefix}${server.index === 0 ? part : `${part}-${server.index}`}`;
    const isOnly = engineServers(plan).length === 1;
    if (!isOnly) last = drained({ plan, nodes, server }, { ...within, dependsOn: [...last] });
    const ray = new RayCluster(name("ray"), { plan, nodes, server }, { ...within, dependsOn: [...last] });
    // A component without resources, as Ray's is with multiprocessing, is waited for by nobody.
    const before = { ...within, dependsOn: [...last, ray] };
    const vllm = new VllmService(name("vllm"), { plan, nodes, server, gateway, ray }, before);
    const watchdog = new Watchdog(name("watchdog"), { plan, nodes, server }, { ...within, dependsOn: vllm });
    last = isOnly ? [watchdog] : taken({ plan, nodes, server, vllm }, { ...within, dependsOn: watchdog });
    started.push(vllm);
  }
  return { services: started, last };
}

interface ServerArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly server: EngineServer;
}

/** Waits until every gateway sends requests to a server that has just started. */
function taken(
  args: ServerArgs & { readonly vllm: VllmService },
  opts: pulumi.CustomResourceOptions,
): readonly pulumi.Resource[] {
  const { plan, nodes, server, vllm } = args;
  return gatewayNodes(plan, nodes).map(
    ({ host }) =>
      remoteStep(
        `${host.name}-balanced-${server.index}`,
        {
          host,
          step: "balanced",
          result: z.object({}),
          parameters: {
            ...gatewayParameters(args),
            SECONDS_ALLOWED: 60 + 2 * checkSeconds(plan),
            START: vllm.start,
          },
        },
        opts,
      ).resource,
  );
}

/** Takes a server whose unit changes out of every gateway before it restarts. */
function drained(args: ServerArgs, opts: pulumi.CustomResourceOptions): readonly pulumi.Resource[] {
  const { plan, nodes, server } = args;
  const texts = [
    vllmUnit(plan, PLACEHOLDER_ADDRESSES, server),
    rayHeadUnit(plan, PLACEHOLDER_ADDRESSES, server),
  ];
  return gatewayNodes(plan, nodes).map(
    ({ host }) =>
      remoteStep(
        `${host.name}-drained-${server.index}`,
        {
          host,
          step: "drained",
          result: z.object({}),
          parameters: {
            ...gatewayParameters(args),
            PLANNED: createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 16),
          },
        },
        opts,
      ).resource,
  );
}

const gatewayParameters = ({ plan, server }: ServerArgs) => ({
  INSTANCE: `@${server.index}`,
  ENVIRONMENT: hostPaths(plan).pythonEnvironment,
  STATUS_SOCKET: GATEWAY.statusSocket,
  ADMIN_SOCKET: GATEWAY.adminSocket,
  BACKEND: GATEWAY.backend,
  SERVER: balancedName(server.index),
});
