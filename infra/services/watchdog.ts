import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  type EngineServer,
  hostPaths,
  instance,
  readyFile,
  serverUnits,
  watchdogUnit,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { fileOf } from "../files";
import { remoteStep } from "../remote-step";
import { headOf, type Node, nodesOf, stepName } from "./node";

const PROGRAM = readFileSync(fileOf("programs", "watchdog.sh"), "utf8");

export interface WatchdogArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly server: EngineServer;
}

/** The watchdog beside a server of vLLM, on its first node: restarts an engine that no longer answers. */
export class Watchdog extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes, server }: WatchdogArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Watchdog", name, {}, opts);
    const head = headOf(nodesOf(nodes, server));
    const { host } = head;
    const { configuration } = hostPaths(plan);
    remoteStep(
      stepName(head, "watchdog", server),
      {
        host,
        step: "watchdog",
        result: z.object({}),
        removable: true,
        parameters: {
          INSTANCE: instance(server),
          UNIT: serverUnits(server).watchdog,
          UNIT_TEXT: head.address.apply((address) => watchdogUnit(plan, server, address)),
          PROGRAM_FILE: `${configuration}/watchdog`,
          PROGRAM,
          READY: readyFile(plan, server),
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
