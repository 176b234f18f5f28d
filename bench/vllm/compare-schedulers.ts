import { simulate } from "../../lib/performance";
import { latencyStatistics } from "../../lib/performance/simulation/latency-statistics";
import type { Table } from "../table";
import { DRIVEN_VERSION, type Scenario } from "./scenarios";

/** What is held against each other, in ms, tokens per second and counts; a quantity that no request has is 0. */
export interface Outcome {
  readonly firstTokenMeanMs: number;
  readonly firstTokenP99Ms: number;
  readonly tokenMeanMs: number;
  readonly tokensPerSecond: number;
  readonly preemptions: number;
  readonly steps: number;
}

/** What drive_scheduler.py writes of one scenario. */
export interface DrivenResult {
  readonly name: string;
  readonly sentMs: readonly number[];
  readonly firstTokenMs: readonly number[];
  readonly doneMs: readonly number[];
  readonly steps: number;
  readonly preemptions: number;
}

/** The simulation's outcome, without the times outside the GPU that a scheduler does not see. */
export function simulatedOutcome({ input }: Scenario): Outcome {
  const { asRun, steps, preemptions } = simulate(input, { hostTimes: { requestInMs: 0, turnaroundMs: 0 } });
  return {
    firstTokenMeanMs: asRun.firstToken.meanMs,
    firstTokenP99Ms: asRun.firstToken.p99Ms,
    tokenMeanMs: asRun.timePerOutputToken.meanMs || 0,
    tokensPerSecond: asRun.outputTokensPerSecond,
    preemptions,
    steps,
  };
}

/** The real scheduler's outcome, from the times of its requests. */
export function drivenOutcome(result: DrivenResult, outputs: readonly number[]): Outcome {
  const { sentMs, firstTokenMs, doneMs, steps, preemptions } = result;
  const first = latencyStatistics(Float64Array.from(firstTokenMs, (ms, i) => ms - (sentMs[i] ?? Number.NaN)));
  const gaps = outputs.flatMap((tokens, i) =>
    tokens > 1 ? [((doneMs[i] ?? Number.NaN) - (firstTokenMs[i] ?? Number.NaN)) / (tokens - 1)] : [],
  );
  const tokens = outputs.reduce((sum, count) => sum + count, 0);
  return {
    firstTokenMeanMs: first.meanMs,
    firstTokenP99Ms: first.p99Ms,
    tokenMeanMs: latencyStatistics(Float64Array.from(gaps)).meanMs || 0,
    tokensPerSecond: (tokens / (Math.max(...doneMs) - (sentMs[0] ?? 0))) * 1000,
    preemptions,
    steps,
  };
}

/** Relative difference of each quantity; 0 where both have none of it. */
export function differences(simulated: Outcome, driven: Outcome): Readonly<Record<keyof Outcome, number>> {
  const of = (key: keyof Outcome): number => {
    return simulated[key] === driven[key] ? 0 : simulated[key] / driven[key] - 1;
  };
  return {
    firstTokenMeanMs: of("firstTokenMeanMs"),
    firstTokenP99Ms: of("firstTokenP99Ms"),
    tokenMeanMs: of("tokenMeanMs"),
    tokensPerSecond: of("tokensPerSecond"),
    preemptions: of("preemptions"),
    steps: of("steps"),
  };
}

/** Largest difference in any quantity. */
export function largestDifference(simulated: Outcome, driven: Outcome): number {
  return Math.max(...Object.values(differences(simulated, driven)).map(Math.abs));
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Scenario by scenario, the real scheduler's figures and how far the simulation is from them. */
export function schedulerTable(
  rows: readonly { readonly name: string; readonly simulated: Outcome; readonly driven: Outcome }[],
): Table {
  const cell = (value: number, difference: number, digits: number): string =>
    `${value.toFixed(digits)} (${percent(difference)})`;
  return {
    title: `The simulation beside the scheduler of vLLM ${DRIVEN_VERSION}`,
    note: "vLLM's figure, and in parentheses how far the simulation is from it.",
    header: ["scenario", "TTFT mean ms", "TTFT p99 ms", "TPOT ms", "tokens/s", "preemptions", "steps"],
    rows: rows.map(({ name, simulated, driven }) => {
      const apart = differences(simulated, driven);
      return [
        name,
        cell(driven.firstTokenMeanMs, apart.firstTokenMeanMs, 1),
        cell(driven.firstTokenP99Ms, apart.firstTokenP99Ms, 1),
        cell(driven.tokenMeanMs, apart.tokenMeanMs, 2),
        cell(driven.tokensPerSecond, apart.tokensPerSecond, 0),
        cell(driven.preemptions, apart.preemptions, 0),
        cell(driven.steps, apart.steps, 0),
      ];
    }),
  };
}
