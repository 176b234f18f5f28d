import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { hostPaths, stopsByItself, stopTimer, stopUnit, UNITS } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { fileOf } from "../files";
import { remoteStep } from "../remote-step";
import type { Node } from "./node";

const PROGRAM = readFileSync(fileOf("programs", "stop.sh"), "utf8");

export interface StopArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
}

/** Has the machines shut down at a time, or when nobody asks, where the stack says so. The last thing that is set up. */
export class Stop extends pulumi.ComponentResource {
  constructor(name: string, { plan, nodes }: StopArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:Stop", name, {}, opts);
    for (const { host } of stopsByItself(plan) ? nodes : []) {
      remoteStep(
        `${host.name}-stop`,
        {
          host,
          step: "stop",
          result: z.object({}),
          removable: true,
          parameters: {
            UNIT: UNITS.stop,
            UNIT_TEXT: stopUnit(plan),
            TIMER: UNITS.stopTimer,
            TIMER_TEXT: stopTimer(plan),
            PROGRAM_FILE: `${hostPaths(plan).configuration}/stop`,
            PROGRAM,
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
