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

/** How far, as a share, an edge of a band may lie from run to run: nearer than that a claim is on neither side of it. */
const EDGE = 0.1;

/** What a claimed number is against a computed one with its band: the same for every seed of the simulation. */
export function against(claimed: number, value: { low: number; high: number }): string {
  const isAt = (edge: number) => Math.abs(claimed / edge - 1) < EDGE;
  if (isAt(value.low) && isAt(value.high)) return "within the band";
  if (isAt(value.low)) return "at the lower edge of the band";
  if (isAt(value.high)) return "at the upper edge of the band";
  if (claimed < value.low) return "too low";
  return claimed > value.high ? "higher than computed" : "within the band";
}
