import type { Plan } from "../strategy";

/** Every requirement of the plan holds. */
export function meetsRequirements(plan: Plan): boolean {
  return plan.violations.length === 0 && plan.checks.every((check) => check.pass);
}
