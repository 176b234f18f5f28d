import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  BALANCER,
  balancedName,
  checkSeconds,
  type EngineServer,
  engineServers,
  hostPaths,
  PLACEHOLDER_ADDRESSES,
  rayHeadUnit,
  vllmUnit,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import type { Balancer } from "./balancer";
import { headOf, type Node } from "./node";
import { RayCluster } from "./ray-cluster";
import { VllmService } from "./vllm-service";
import { Watchdog } from "./watchdog";

export interface ServersArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly balancer: Balancer;
}

/**
 * Every server of the plan, one after the other: a change restarts the next only when the last one serves again and the
 * balancer has taken it back. The first that fails ends the change, and the others serve on as they were.
 */
export function startServers({ plan, nodes, balancer }: ServersArgs): {
  readonly services: readonly VllmService[];
  readonly last: pulumi.Resource;
} {
  const started: VllmService[] = [];
  let last: pulumi.Resource = balancer;
  for (const server of engineServers(plan)) {
    const name = (part: string) => (server.index === 0 ? part : `${part}-${server.index}`);
    const isOnly = engineServers(plan).length === 1;
    if (!isOnly) last = drained({ plan, nodes, server }, { dependsOn: last });
    const ray = new RayCluster(name("ray"), { plan, nodes, server }, { dependsOn: last });
    // A component without resources, as Ray's is with multiprocessing, is waited for by nobody.
    const before = { dependsOn: [last, ray] };
    const vllm = new VllmService(name("vllm"), { plan, nodes, server, balancer, ray }, before);
    const watchdog = new Watchdog(name("watchdog"), { plan, nodes, server }, { dependsOn: vllm });
    last = isOnly ? watchdog : taken({ plan, nodes, server, vllm }, { dependsOn: watchdog });
    started.push(vllm);
  }
  return { services: started, last };
}

/** Waits until the balancer sends requests to a server that has just started. */
function taken(
  args: { plan: Plan; nodes: readonly Node[]; server: EngineServer; vllm: VllmService },
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { host } = headOf(args.nodes);
  return remoteStep(
    `${host.name}-balanced-${args.server.index}`,
    {
      host,
      step: "balanced",
      result: z.object({}),
      parameters: {
        ...balancerParameters(args),
        SECONDS_ALLOWED: 60 + 2 * checkSeconds(args.plan),
        START: args.vllm.start,
      },
    },
    opts,
  ).resource;
}

interface ServerArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly server: EngineServer;
}

/** Takes a server whose unit changes out of the balancer before it restarts. */
function drained(args: ServerArgs, opts: pulumi.CustomResourceOptions): pulumi.Resource {
  const { plan, server } = args;
  const { host } = headOf(args.nodes);
  const texts = [
    vllmUnit(plan, PLACEHOLDER_ADDRESSES, server),
    rayHeadUnit(plan, PLACEHOLDER_ADDRESSES, server),
  ];
  return remoteStep(
    `${host.name}-drained-${server.index}`,
    {
      host,
      step: "drained",
      result: z.object({}),
      parameters: {
        ...balancerParameters(args),
        PLANNED: createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 16),
      },
    },
    opts,
  ).resource;
}

const balancerParameters = ({ plan, server }: ServerArgs) => ({
  INSTANCE: `@${server.index}`,
  ENVIRONMENT: hostPaths(plan).pythonEnvironment,
  STATUS_SOCKET: BALANCER.statusSocket,
  ADMIN_SOCKET: BALANCER.adminSocket,
  BACKEND: BALANCER.backend,
  SERVER: balancedName(server.index),
});
