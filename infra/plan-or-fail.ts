import * as pulumi from "@pulumi/pulumi";
import { configsOf } from "../lib/catalog";
import type { Deployment } from "../lib/config";
import {
  asPulumiCommands,
  assertPlan,
  findRemedies,
  type Plan,
  PlanError,
  plan as planDeployment,
  remedyText,
} from "../lib/strategy";
import { orRunError } from "./run-error";

/** Changes that were simulated and pass, as commands; cheapest first. */
function remedyLines(plan: Plan): string[] {
  const remedies = findRemedies(plan);
  if (remedies.length === 0) return ["no change that was tried makes it pass"];
  return [
    "each of these changes was simulated and passes:",
    ...remedies.flatMap((remedy) => [
      `  ${remedyText(remedy)}`,
      ...asPulumiCommands(remedy).map((line) => `    ${line}`),
    ]),
  ];
}

/**
 * The plan, asserted. Called before the first resource is registered: when a requirement is violated the program
 * ends here, with one line per violation and changes that pass, and the diff holds nothing.
 */
export function planOrFail(deployment: Deployment): Plan {
  return orRunError(() => {
    const plan = planDeployment(deployment, configsOf(deployment));
    try {
      return assertPlan(plan);
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      const missed = error.violations.map(({ check, sentence }) => `${check}: ${sentence}`);
      throw new pulumi.RunError(
        [
          "the plan does not meet its requirements, so nothing is registered:",
          ...missed,
          ...remedyLines(plan),
        ].join("\n  "),
      );
    }
  });
}
