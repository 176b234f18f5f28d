import type { EngineEvent } from "@pulumi/pulumi/automation";
import type { Progress } from "./progress";

/** Words for what the engine does to a resource; other operations are not worth a line. */
const DONE: Record<string, string> = { create: "+", update: "~", delete: "-", replace: "±" };

const SHOWN = new Set<string>(["info", "info#err", "warning", "error"]);

/** Reports the engine's events as progress lines: each step's own talk, and each remote command that is done. */
export function reportEvents(progress: Progress): (event: EngineEvent) => void {
  let lastLine = "";
  const started = new Map<string, number>();
  const say = (line: string) => {
    if (line !== lastLine) progress(line);
    lastLine = line;
  };
  return (event) => {
    const { diagnosticEvent, resourcePreEvent, resOutputsEvent } = event;
    if (resourcePreEvent) started.set(resourcePreEvent.metadata.urn, Date.now());
    // Debug events quote the protocol, keys and all.
    if (diagnosticEvent && SHOWN.has(diagnosticEvent.severity)) {
      for (const line of plainLines(diagnosticEvent.message)) say(`    ${line}`);
    }
    if (resOutputsEvent) {
      const { urn, op, type } = resOutputsEvent.metadata;
      const sign = DONE[op];
      if (sign && type === "command:remote:Command") {
        const seconds = (Date.now() - (started.get(urn) ?? Date.now())) / 1000;
        say(`  ${sign} ${urn.split("::").at(-1)} (${seconds.toFixed(1)} s)`);
      }
    }
  };
}

/** Lines without the engine's colour markup (`<{%reset%}>`). */
export function plainLines(message: string): string[] {
  return message
    .replaceAll(/<\{%[^%]*%\}>/g, "")
    .split("\n")
    .map((line) => line.trimEnd())
    .filter(Boolean);
}
