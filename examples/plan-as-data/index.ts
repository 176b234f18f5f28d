/**
 * The planner as a library of a program: which machine for Qwen3-8B at the rate of the configuration, and what the team's
 * own `vllm serve` line would do on it, how far the machine reaches, and a compose file for it. Needs no account.
 *
 *   pulumi config set rate 2
 *   pulumi up
 */
import * as pulumi from "@pulumi/pulumi";
import { assertPlan, check, emit, maxRate, plan, recommend, strategyLabel } from "shardplan";

const requestRate = new pulumi.Config().getNumber("rate") ?? 1;
const model = { name: "Qwen/Qwen3-8B" };
const workload = { requestRate, simulatedRequests: 200 };

const found = recommend({ model, workload }, { cheapestOnly: true }).then(
  ({ recommendations: [cheapest] }) => {
    if (cheapest === undefined)
      throw new pulumi.RunError(`no machine serves ${model.name} at ${requestRate}/s`);
    const { instanceType, nodes } = cheapest;
    const deployment = { model, workload, hardware: { instanceType, nodes } };
    const made = assertPlan(plan(deployment));
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
      maxRequestRate: maxRate(deployment)?.requestRate,
      ...(nodes === 1 ? { compose: emit(made, "compose") } : {}),
    };
  },
);

export const machine = pulumi.output(found);
