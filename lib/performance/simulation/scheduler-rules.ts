import { compareVersions } from "../engine/compare-versions";
import type { EngineProfile } from "../types";

/** What vLLM's scheduler does differently from version to version. Read in the sources of the releases named. */
export interface SchedulerRules {
  /** A request is admitted only when its whole prompt fits (`scheduler_reserve_full_isl`): 0.19.0 has it, 0.18.1 not. */
  readonly admitsWholePrompts: boolean;
  /** The token in flight of a preempted request is still delivered: 0.28.0 does, 0.24.0 discards it. */
  readonly keepsTokensInFlight: boolean;
  /** A pipeline has stages + 1 batches in flight: model runner V2, the default for every model since 0.29.0. */
  readonly pipelinesOneAhead: boolean;
}

const WHOLE_PROMPTS_SINCE = "0.19";
const KEEPS_TOKENS_SINCE = "0.28";
const ONE_AHEAD_SINCE = "0.29";

/** Rules of an engine's version; engines other than vLLM have none of them. */
export function schedulerRules({ name, version }: EngineProfile): SchedulerRules {
  const since = (first: string): boolean => name === "vLLM" && compareVersions(version, first) >= 0;
  return {
    admitsWholePrompts: since(WHOLE_PROMPTS_SINCE),
    keepsTokensInFlight: since(KEEPS_TOKENS_SINCE),
    pipelinesOneAhead: since(ONE_AHEAD_SINCE),
  };
}
