import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { hostPaths, UNITS, watchdogUnit } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { remoteStep } from "../remote-step";
import { headOf, type Node } from "./node";

const PROGRAM = readFileSync(join(__dirname, "..", "programs", "watchdog.sh"), "utf8");

export interface WatchdogArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/** The watchdog beside vLLM, on the first node: restarts an engine that no longer answers, and tells the gateway. */
export class Watchdog extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: WatchdogArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Watchdog", name, {}, opts);
    const { host } = headOf(nodes);
    const { configuration, ready } = hostPaths(plan);
    remoteStep(
      `${host.name}-watchdog`,
      {
        host,
        step: "watchdog",
        result: z.object({}),
        removable: true,
        parameters: {
          UNIT: UNITS.watchdog,
          UNIT_TEXT: watchdogUnit(plan),
          PROGRAM_FILE: `${configuration}/watchdog`,
          PROGRAM,
          READY: ready,
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
