import { hasChange } from "../engine/version-changes";
import type { EngineProfile } from "../types";

/** What an engine's scheduler does differently from version to version. */
export interface SchedulerRules {
  readonly admitsWholePrompts: boolean;
  readonly keepsTokensInFlight: boolean;
  readonly pipelinesOneAhead: boolean;
}

/** Rules of an engine's version, asked once a run: engine/version-changes.ts says what each means and since when. */
export function schedulerRules(engine: EngineProfile): SchedulerRules {
  return {
    admitsWholePrompts: hasChange(engine, "wholePromptsAdmitted"),
    keepsTokensInFlight: hasChange(engine, "tokensInFlightKept"),
    pipelinesOneAhead: hasChange(engine, "pipelinesOneAhead"),
  };
}
