import type { Plan } from "../../strategy";

/** One figure of the reference document beside what is computed and what others measured. */
export interface Claim {
  readonly figure: string;
  /** As the document says it. */
  readonly claimed: string;
  readonly computed: (plan: Plan) => string;
  /** Measured by others, with source and conditions. */
  readonly published: string;
  readonly verdict: (plan: Plan) => string;
  readonly reason: (plan: Plan) => string;
}

/** What a claimed number is against a computed one with its band. */
export function against(claimed: number, value: { low: number; high: number }): string {
  if (claimed < value.low) return "too low";
  return claimed > value.high ? "higher than computed" : "within the band";
}
