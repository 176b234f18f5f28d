import { findGpu, resolveHardware } from "../../catalog";
import type { Deployment } from "../../config";
import { enumerateStrategies, matchesPins } from "../candidates/enumerate";
import { mightPass } from "../candidates/might-pass";
import { preparedOf } from "../candidates/prepare-candidate";
import { planSituation } from "../plan";
import { type Situation, situationOf } from "../situation";
import type { Plan } from "../types";
import {
  possibleMachines,
  type Recommendation,
  type RecommendOptions,
  type Try,
  withMachines,
} from "./recommend";

/** What machines hold at most: whether vLLM starts, and whether the load's targets hold as well. */
export interface LongestContext {
  /** Longest sequence that the model knows. */
  readonly modelTokens: number;
  /** Longest sequence with which some strategy starts; 0 where none does. */
  readonly startsWithTokens: number;
  /** The longest with which a plan meets every requirement at the requested rate, and that plan. */
  readonly served?: { readonly tokens: number; readonly plan: Plan };
}

/** The highest rate that passes, in requests per second, and the plan that confirms it. */
export interface MaxRate {
  readonly requestRate: number;
  readonly plan: Plan;
}

/** The smallest machines that pass. */
export interface SmallestGpu {
  readonly recommendation: Recommendation;
  readonly gpus: number;
  /** Memory of all its GPUs. */
  readonly memoryBytes: number;
  /** Machines with less memory that were tried and do not pass. */
  readonly smallerTried: number;
}

/** Lengths are told in steps of as many tokens: a round figure above vLLM's blocks of 16. */
const STEP_TOKENS = 256;
/** Where a plan of the whole length fails, plans that are spent on a shorter one: each halves what is not known. */
const MOST_PLANS = 6;
/** A rate that a plan found it sustains when the same rate is asked; then some less of it. */
const SHARES = [1, 0.97, 0.94, 0.9, 0.8];

const starts = (situation: Situation): boolean =>
  enumerateStrategies(situation)
    .filter((strategy) => matchesPins(strategy, situation.deployment))
    .some((strategy) => preparedOf(situation, strategy) !== undefined);

const passing = (situation: Situation): Plan | undefined => {
  if (!mightPass(situation)) return undefined;
  const plan = planSituation(situation);
  return plan.chosen.meetsSlo ? plan : undefined;
};

/**
 * The longest sequence, in tokens, that machines hold for one request, and with their load within its targets. `at` is the
 * situation with that length; undefined where the load's own requests are longer.
 */
export function longestContext(
  at: (maxModelLen: number) => Situation | undefined,
  modelTokens: number,
): LongestContext {
  const isLong = (blocks: number): boolean => {
    const situation = at(blocks * STEP_TOKENS);
    return situation === undefined || starts(situation);
  };
  const most = Math.floor(modelTokens / STEP_TOKENS);
  let low = 0;
  let high = most + 1;
  while (high - low > 1) {
    const middle = low === 0 && high === most + 1 ? most : Math.floor((low + high) / 2);
    if (isLong(middle)) low = middle;
    else high = middle;
  }
  const startsWithTokens = low * STEP_TOKENS;
  if (low === 0 || at(startsWithTokens) === undefined) return { modelTokens, startsWithTokens: 0 };
  const served = longestServed(at, low);
  return { modelTokens, startsWithTokens, ...(served === undefined ? {} : { served }) };
}

/** By bisection between what starts and nothing, in steps. */
function longestServed(
  at: (maxModelLen: number) => Situation | undefined,
  most: number,
): LongestContext["served"] {
  let found: LongestContext["served"];
  let low = 0;
  let high = most + 1;
  for (let left = MOST_PLANS; left > 0 && high - low > 1; left--) {
    const middle = high === most + 1 ? most : Math.floor((low + high) / 2);
    const tokens = middle * STEP_TOKENS;
    const situation = at(tokens);
    const plan = situation === undefined ? undefined : passing(situation);
    // Too short for the load's own requests: longer ones are looked at next.
    if (situation === undefined) low = middle;
    else if (plan === undefined) high = middle;
    else {
      found = { tokens, plan };
      low = middle;
    }
  }
  return found;
}

/** Down to three significant digits. */
function roundedDown(rate: number): number {
  const unit = 10 ** (Math.floor(Math.log10(rate)) - 2);
  return Number((Math.floor(rate / unit) * unit).toPrecision(3));
}

/** The highest rate that the deployment's machines serve within its targets; undefined where none. */
export function maxRate(situation: Situation): MaxRate | undefined {
  const { deployment, model, draft } = situation;
  const strategy = { ...deployment.strategy, objective: "throughput" as const };
  const asking = (requestRate: number) =>
    situationOf(
      { ...deployment, strategy, workload: { ...deployment.workload, requestRate } } satisfies Deployment,
      model,
      draft,
    );
  const { candidates } = planSituation(asking(deployment.workload.requestRate));
  const most = Math.max(0, ...candidates.map(({ throughput }) => throughput?.highestRequestRate ?? 0));
  if (most === 0) return undefined;
  for (const share of SHARES) {
    const requestRate = roundedDown(share * most);
    const plan = planSituation(asking(requestRate));
    if (plan.chosen.meetsSlo) return { requestRate, plan };
  }
  return undefined;
}

/**
 * The machines with the least GPU memory, of those with a price, of which a plan meets every requirement: one GPU before
 * several that hold as much, then the cheapest.
 */
export async function smallestGpu(
  situation: Situation,
  tries: Try,
  { prices = {}, onProgress }: Omit<RecommendOptions, "cheapestOnly"> = {},
): Promise<SmallestGpu | undefined> {
  const bytes = (gpu: string, gpus: number) => findGpu(gpu).memoryBytes * gpus;
  const all = possibleMachines(situation, prices)
    .filter(({ nodes }) => nodes === 1)
    .map((machines) => {
      const { gpus } = resolveHardware(withMachines(situation.deployment, machines).hardware);
      return { machines, gpus, memoryBytes: bytes(machines.gpu, gpus) };
    })
    .sort(
      (a, b) =>
        a.memoryBytes - b.memoryBytes || a.gpus - b.gpus || a.machines.usdPerHour - b.machines.usdPerHour,
    );
  for (const [at, { machines, gpus, memoryBytes }] of all.entries()) {
    onProgress?.(`${at} of ${all.length} machines tried ...`);
    const { recommendation } = await tries(machines);
    if (recommendation) return { recommendation, gpus, memoryBytes, smallerTried: at };
  }
  return undefined;
}
