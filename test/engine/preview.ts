import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import { plainLines } from "../../rehearsal/engine-events";
import type { Properties } from "../../rehearsal/providers/changed-inputs";

/** What the engine would do to one resource. */
export interface PlannedStep {
  /** Such as `create`, `update`, `replace`, `same`. */
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly isProtected: boolean;
  /** Absent where it goes. */
  readonly inputs?: Properties;
}

/** A preview: what it would do, what it says, and why it refuses. */
export interface Preview {
  readonly steps: readonly PlannedStep[];
  /** Each message once, in their order, a line each. */
  readonly said: readonly string[];
  readonly refusal?: string;
}

const SAID = new Set<string>(["info", "info#err", "warning", "error"]);

/** What a preview of the stack would do and says, in the order of names. */
export async function previewOf(stack: Stack): Promise<Preview> {
  const steps: PlannedStep[] = [];
  const said = new Set<string>();
  const onEvent = ({ resourcePreEvent, diagnosticEvent }: EngineEvent) => {
    if (resourcePreEvent) {
      const { op, type, urn, new: made, old } = resourcePreEvent.metadata;
      const name = urn.split("::").at(-1) ?? "";
      const isProtected = (made ?? old)?.protect === true;
      steps.push({ op, type, name, isProtected, ...(made ? { inputs: made.inputs } : {}) });
    }
    if (diagnosticEvent && SAID.has(diagnosticEvent.severity)) {
      for (const line of plainLines(diagnosticEvent.message)) said.add(line.trim());
    }
  };
  const refusal = await stack.preview({ onEvent }).then(
    () => undefined,
    ({ message }: Error) => /^ +error: ([\s\S]*?)\n\n/m.exec(message)?.[1] ?? message,
  );
  steps.sort((one, other) => (one.type + one.name + one.op < other.type + other.name + other.op ? -1 : 1));
  return { steps, said: [...said], ...(refusal === undefined ? {} : { refusal }) };
}
