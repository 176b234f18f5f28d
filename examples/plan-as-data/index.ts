/**
 * The planner as a library of a program: which machine for Qwen3-8B at the rate of the configuration, and what the team's
 * own `vllm serve` line would do on it. Needs no account.
 *
 *   pulumi config set rate 2
 *   pulumi up
 */
import * as pulumi from "@pulumi/pulumi";
import { assertPlan, check, plan, recommend, strategyLabel } from "shardplan";

const requestRate = new pulumi.Config().getNumber("rate") ?? 1;
const model = { name: "Qwen/Qwen3-8B" };
const workload = { requestRate, simulatedRequests: 200 };

const found = recommend({ model, workload }, { cheapestOnly: true }).then(
  ({ recommendations: [cheapest] }) => {
    if (cheapest === undefined)
      throw new pulumi.RunError(`no machine serves ${model.name} at ${requestRate}/s`);
    const { instanceType, nodes } = cheapest;
    const made = assertPlan(plan({ model, workload, hardware: { instanceType, nodes } }));
    const line = check(["vllm", "serve", model.name], {
      on: instanceType,
      set: [`workload.requestRate=${requestRate}`],
    });
    return {
      instanceType,
      nodes,
      usdPerHour: cheapest.usdPerHour,
      strategy: strategyLabel(made.strategy),
      decodeP99Ms: made.latency.decode.p99Ms,
      ownLineStarts: line.starts,
    };
  },
);

export const machine = pulumi.output(found);
