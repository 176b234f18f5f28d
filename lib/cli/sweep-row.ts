import { overloadOf } from "../report";
import { type Plan, strategyLabel } from "../strategy";
import { meetsRequirements } from "./meets-requirements";

/** What a sweep shows of one plan; null where there is no figure. Units stand in the names. */
export interface SweepRow {
  readonly value: string;
  readonly meets: boolean;
  readonly strategy: string;
  readonly prefillP99Ms: number | null;
  readonly firstTokenP50Ms: number | null;
  readonly firstTokenP99Ms: number | null;
  readonly decodeP50Ms: number | null;
  readonly decodeP99Ms: number | null;
  readonly sustainableRequestRate: number | null;
  readonly outputTokensPerSecondPerGpu: number | null;
  readonly demandFraction: number | null;
  readonly usdPerMillionOutputTokens: number | null;
  /** Highest rate that can be served at all, and what the queue gains each minute beyond it; null where it settles. */
  readonly servedAtMostRequestRate: number | null;
  readonly queueGrowthPerMinute: number | null;
  /** Ids of the checks that fail. */
  readonly misses: readonly string[];
}

/** The row of a plan that was made with `value`. */
export function sweepRow(value: string, plan: Plan): SweepRow {
  const { latency, throughput, memoryPerGpu, cost } = plan;
  const overload = overloadOf(plan);
  return {
    value,
    meets: meetsRequirements(plan),
    strategy: strategyLabel(plan.strategy),
    prefillP99Ms: finite(latency.prefill.p99Ms),
    firstTokenP50Ms: finite(latency.firstToken.p50Ms),
    firstTokenP99Ms: finite(latency.firstToken.p99Ms),
    decodeP50Ms: finite(latency.decode.p50Ms),
    decodeP99Ms: finite(latency.decode.p99Ms),
    sustainableRequestRate: finite(throughput.sustainableRequestRate),
    outputTokensPerSecondPerGpu: finite(throughput.outputTokensPerSecondPerGpu),
    demandFraction: finite(memoryPerGpu.demandFraction),
    usdPerMillionOutputTokens: finite(cost.usdPerMillionOutputTokens),
    servedAtMostRequestRate: overload?.mostRequestRate ?? null,
    queueGrowthPerMinute: overload?.queueGrowthPerMinute ?? null,
    misses: plan.violations.map(({ check }) => check),
  };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
