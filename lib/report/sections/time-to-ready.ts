import { type ReadyPhase, totalSeconds } from "../../serving";
import type { Plan } from "../../strategy";
import { band, duration } from "../format-number";
import type { Section } from "../report-document";
import { changeText, timeToReady } from "../time-to-ready";
import { cell } from "./fact";

/** How long it takes until the service answers, by phase. */
export function timeToReadySection(plan: Plan): Section {
  const phases = timeToReady(plan);
  return {
    id: "time-to-ready",
    title: "Time to ready",
    blocks: [
      {
        kind: "table",
        caption: "Until the first completion, by phase: estimates from published times",
        columns: [{ title: "phase" }, { title: "takes", align: "right" }, { title: "known from" }],
        rows: [
          ...phases.map((phase) => [cell(phase.name), cell(range(phase)), cell(phase.source)]),
          [
            cell("Phases with a figure, together", "strong"),
            cell(range(totalSeconds(phases)), "strong"),
            cell("sum"),
          ],
        ],
      },
      {
        kind: "text",
        text: `The deployment gives up after ${plan.deployment.serving.readyTimeoutMinutes} min without a first completion (serving.readyTimeoutMinutes).`,
        tone: "quiet",
      },
      { kind: "text", text: changeText(plan) },
    ],
  };
}

const range = ({ lowSeconds, highSeconds }: Pick<ReadyPhase, "lowSeconds" | "highSeconds">): string =>
  lowSeconds === undefined || highSeconds === undefined
    ? "not known"
    : band(lowSeconds, highSeconds, duration);
