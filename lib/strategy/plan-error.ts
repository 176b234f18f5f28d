import { UserError } from "../config";
import type { Violation } from "./types";

/** A plan that does not meet its requirements: every violation, each with what is required, computed and to be changed. */
export class PlanError extends UserError {
  readonly violations: readonly Violation[];

  constructor(message: string, violations: readonly Violation[]) {
    super({
      code: "plan-violated",
      where: "plan",
      message,
      hint: violations.map(({ change }) => change).join("; "),
    });
    this.name = "PlanError";
    this.violations = violations;
  }

  /** One line per violation: check, what is wrong, what to change. */
  get lines(): string[] {
    return this.violations.map(
      ({ check, sentence, change }) => `${check}: ${sentence} What to change: ${change}.`,
    );
  }

  /** The violations, one a line. */
  override get line(): string {
    return this.lines.join("\n");
  }
}
