import { UserError } from "../../config";
import { type ComparedPlan, comparePlans } from "../../report";
import { type CommandInput, type CommandSpec, exampleOf } from "../command-spec";
import { emit, reportFormat, reportLook } from "../emit";
import { EXIT } from "../exit-codes";
import type { Io } from "../io";
import { meetsRequirements } from "../meets-requirements";
import { strategyOverrides } from "../parse-strategy";
import { planDeployment } from "../plan-deployment";
import { type NamedDeployment, readNamed, readStack } from "../read-deployment";

export const compareCommand: CommandSpec = {
  name: "compare",
  summary: "two or more stacks, or strategies of one stack, side by side",
  arguments: [{ usage: "[stacks...]", description: "stacks to compare" }],
  options: ["stack", "file", "set", "strategy", "format", "out", "json"],
  examples: [
    ["shardplan compare prod dev", "two stacks"],
    ["shardplan compare --strategy tp8 --strategy tp4dp2", "two strategies of the prod stack"],
    [
      "shardplan compare --strategy tp8 --strategy auto --set workload.requestRate=20",
      "the pinned strategy against what the planner would choose",
    ],
  ],
  run(input, io) {
    const deployments = deploymentsOf(input, io);
    const plans = deployments.map(
      (named): ComparedPlan => ({ name: named.name, plan: planDeployment(named, io) }),
    );
    const text = comparePlans(plans, reportFormat(input.options), reportLook(input.options, io));
    emit(text, input.options, io);
    return plans.some(({ plan }) => meetsRequirements(plan)) ? EXIT.met : EXIT.missed;
  },
};

/** Stacks times strategies: what is to be compared, each with a name that tells it apart. */
function deploymentsOf({ args, options }: CommandInput, io: Io): NamedDeployment[] {
  const stacks = [...args, ...options.stack];
  const bases = stacks.length === 0 ? [undefined] : stacks;
  const strategies = options.strategy.length === 0 ? [undefined] : options.strategy;
  const deployments = bases.flatMap((stack) =>
    strategies.map((strategy) => {
      const overrides = strategyOverrides(options.set, strategy === undefined ? [] : [strategy]);
      const base = stack === undefined ? readNamed(options, overrides, io) : readStack(stack, overrides, io);
      const name = [bases.length > 1 ? base.name : "", strategy ?? ""]
        .filter((part) => part !== "")
        .join(" ");
      return { ...base, name: name === "" ? base.name : name };
    }),
  );
  if (deployments.length > 1) return deployments;
  throw new UserError({
    code: "nothing-to-compare",
    where: "compare",
    message: "one plan alone cannot be compared",
    hint: `name two stacks, or give --strategy twice, ${exampleOf(compareCommand, 1)}`,
  });
}
