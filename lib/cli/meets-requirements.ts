import type { Plan } from "../strategy";
import { EXIT, type ExitCode } from "./exit-codes";

/** Every requirement of the plan holds. */
export function meetsRequirements(plan: Plan): boolean {
  return plan.violations.length === 0 && plan.checks.every((check) => check.pass);
}

/** Exit code of a command that made these plans: missed when one of them misses a requirement. */
export function exitCodeOf(plans: readonly Plan[]): ExitCode {
  return plans.every(meetsRequirements) ? EXIT.met : EXIT.missed;
}
