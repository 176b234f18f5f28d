import type { Plan } from "../../strategy";
import type { Section } from "../report-document";

/** The strategy does not fit or is not valid: there is nothing to simulate, so nothing to print. */
export const cannotRun = (plan: Plan): boolean => plan.chosen.latency === undefined;

/** A section that only says why it has no figures. */
export function emptySection(id: string, title: string): Section {
  const text = "The strategy cannot run, so there is nothing to compute here; see the verification results.";
  return { id, title, blocks: [{ kind: "text", text, tone: "quiet" }] };
}
