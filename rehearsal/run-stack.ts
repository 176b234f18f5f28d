import type { EngineEvent, Stack, UpResult } from "@pulumi/pulumi/automation";
import { plainLines, reportEvents } from "./engine-events";
import type { Progress } from "./progress";

export interface RunStackOptions {
  readonly progress: Progress;
  /** Asks the engine to stop after the operations that are running. */
  readonly signal?: AbortSignal;
  /** URNs of what is replaced although nothing in it has changed. */
  readonly replace?: string[];
}

/** `pulumi up`. An error holds what a user would read at the end, not the whole output. */
export function upStack(stack: Stack, options: RunStackOptions): Promise<UpResult> {
  return withEvents(options, (onEvent) =>
    stack.up({ onEvent, suppressProgress: true, signal: options.signal, replace: options.replace }),
  );
}

/** `pulumi destroy`. */
export async function destroyStack(stack: Stack, options: RunStackOptions): Promise<void> {
  await withEvents(options, (onEvent) =>
    stack.destroy({ onEvent, suppressProgress: true, signal: options.signal }),
  );
}

async function withEvents<Value>(
  { progress }: RunStackOptions,
  operation: (onEvent: (event: EngineEvent) => void) => Promise<Value>,
): Promise<Value> {
  const report = reportEvents(progress);
  const errors = new Set<string>();
  try {
    return await operation((event) => {
      report(event);
      for (const line of errorLines(event)) errors.add(line);
    });
  } catch (error) {
    const lines = [...errors].filter((line) => line !== "update failed");
    throw lines.length > 0 ? new Error(lines.join("\n"), { cause: error }) : error;
  }
}

/** The lines of an error that say what is wrong: of a remote step its last word, else everything. */
function errorLines({ diagnosticEvent }: EngineEvent): string[] {
  if (diagnosticEvent?.severity !== "error") return [];
  const lines = plainLines(diagnosticEvent.message).map((line) => line.replace(/^error: /, "").trim());
  const [first = ""] = lines;
  if (!first.includes(": running ")) return lines;
  const lastWords = plainLines(diagnosticEvent.message)
    .slice(1)
    .filter((line) => line.startsWith("error: "));
  return lastWords.length > 0 ? lastWords.map((line) => line.slice("error: ".length)) : lines;
}
