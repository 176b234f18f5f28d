import { strategyLabel } from "./figures/strategy-label";
import { PlanError } from "./plan-error";
import type { Plan } from "./types";

/** Throws one PlanError that lists every violated requirement; returns the plan when there is none. */
export function assertPlan(plan: Plan): Plan {
  const { violations } = plan;
  if (violations.length === 0) return plan;
  const count = violations.length === 1 ? "1 requirement" : `${violations.length} requirements`;
  throw new PlanError(
    `the plan ${strategyLabel(plan.strategy)} for ${plan.model.name} on ${plan.deployment.hardware.nodes} x ${plan.instance.name} misses ${count}: ${violations.map(({ check, value }) => `${check} (${value})`).join(", ")}`,
    violations,
  );
}
