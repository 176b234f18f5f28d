import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type Deployment, UserError } from "../lib/config";
import { assertPlan, type Plan, PlanError, plan as planDeployment } from "../lib/strategy";
import { orRunError } from "./run-error";

/**
 * The plan, asserted. Called before the first resource is registered: when a requirement is violated the program
 * ends here, with one line per violation, and the diff holds nothing.
 */
export function planOrFail(deployment: Deployment): Plan {
  return orRunError(() => {
    try {
      return assertPlan(planDeployment(deployment, { modelConfig: modelConfigOf(deployment) }));
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      throw new pulumi.RunError(
        ["the plan does not meet its requirements, so nothing is registered:", ...error.lines].join("\n  "),
      );
    }
  });
}

/** The parsed config.json of a model outside the catalogue. */
function modelConfigOf({ model: { configPath } }: Deployment): unknown {
  if (configPath === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(configPath, "utf8")) as unknown;
  } catch (cause) {
    const message = `cannot read ${configPath} (${cause instanceof Error ? cause.message : cause})`;
    const hint = "set it to the path of the model's config.json";
    throw new UserError({ code: "model-config", where: "model.configPath", message, hint, cause });
  }
}
