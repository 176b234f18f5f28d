import type { Plan } from "../../strategy";
import { overloadOf, overloadText } from "../overload";
import type { Block, Section } from "../report-document";

/** The strategy does not fit or is not valid: there is nothing to simulate, so nothing to print. */
export const cannotRun = (plan: Plan): boolean => !plan.chosen.feasible;

/** A section that only says why it has no figures. */
export function emptySection(id: string, title: string): Section {
  const text = "The strategy cannot run, so there is nothing to compute here; see the verification results.";
  return { id, title, blocks: [{ kind: "text", text, tone: "quiet" }] };
}

/** What stands where an overloaded plan would have latencies; nothing for any other plan. */
export function overloadBlocks(plan: Plan): readonly Block[] {
  const overload = overloadOf(plan);
  if (overload === undefined) return [];
  const text = `The plan is overloaded: it ${overloadText(overload)}. Requests wait longer the longer the load lasts, so no latency has a value.`;
  return [{ kind: "text", text, tone: "bad" }];
}
