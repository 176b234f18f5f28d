import { findGpu, type InstanceType, listInstanceTypes } from "../../catalog";
import { crossCheck, type Deployment } from "../../config";
import { passingStrategy } from "../candidates/might-pass";
import { mostRateByHand, RATE_BY_HAND_LOW } from "../candidates/rate-by-hand";
import { usdPerHour } from "../figures/price";
import { planSituation } from "../plan";
import { COPIES } from "../replica/fit-memory";
import { isRateDriven } from "../requirements/service-requirements";
import { type Situation, situationOf } from "../situation";
import type { Candidate, Plan, Remedy, Setting } from "../types";
import { MOST_NODES } from "./limits";

/** Remedies that are shown. */
const MOST = 3;
/** Plans that each way out may cost: keeping the machines, asking for less, more of them, other ones. */
const MOST_PLANS = 3;
/** Kept below the rate that was found (a plan holds 0.97 of it), and above the latency: what is told holds when it is typed. */
const ROUNDING = 0.97;

/** A deployment with settings changed. */
function withSettings(deployment: Deployment, settings: readonly Setting[]): Deployment {
  return settings.reduce<Deployment>((changed, { key, value }) => {
    const set = (node: object, [name = "", ...rest]: readonly string[]): object => {
      const child = (node as Record<string, object>)[name];
      return { ...node, [name]: rest.length === 0 ? value : set(child ?? {}, rest) };
    };
    return set(changed, key.split(".")) as Deployment;
  }, deployment);
}

/** The settings that are not so already. */
function changesTo(deployment: Deployment, settings: readonly Setting[]): Setting[] {
  return settings.filter(({ key, value }) => {
    const own = key
      .split(".")
      .reduce<unknown>((node, name) => (node as Record<string, unknown>)?.[name], deployment);
    return own !== value;
  });
}

const DEGREES = [
  "tensorParallel",
  "pipelineParallel",
  "dataParallel",
  "expertParallel",
  "sequenceParallel",
] as const;

/** Pins a strategy in the config where degrees are pinned; what is auto stays so. */
function strategySettings({ deployment }: Plan, strategy: Candidate["strategy"]): Setting[] {
  return DEGREES.filter((degree) => deployment.strategy[degree] !== "auto").map((degree) => ({
    key: `strategy.${degree}`,
    value: strategy[degree],
  }));
}

const openStrategy = (plan: Plan): Setting[] =>
  DEGREES.filter((degree) => plan.deployment.strategy[degree] !== "auto").map((degree) => ({
    key: `strategy.${degree}`,
    value: "auto",
  }));

const openServing: readonly Setting[] = ["maxNumSeqs", "maxNumBatchedTokens", "maxCudaGraphTokens"].map(
  (name) => ({
    key: `serving.${name}`,
    value: "auto",
  }),
);

/** Without these no change helps: a type that the GPUs compute in, where they stay, and a length that the model knows. */
function neededFirst({ violations, model }: Plan, wanted: readonly Setting[]): Setting[] {
  const fails = (id: string) => violations.some(({ check }) => check === id);
  const staysHere = !wanted.some(({ key }) => key === "hardware.instanceType");
  return [
    ...(fails("dtype-runs") && staysHere ? [{ key: "serving.dtype", value: "float16" }] : []),
    ...(fails("model-length") ? [{ key: "envelope.maxModelLen", value: model.maxPositionEmbeddings }] : []),
  ];
}

/** What costs nothing: another strategy that meets everything, serving parameters that the planner may choose. */
function sameMachines(plan: Plan): Setting[][] {
  const better = plan.candidates
    .filter(({ meetsSlo }) => meetsSlo)
    .sort((a, b) => (b.throughput?.highestRequestRate ?? 0) - (a.throughput?.highestRequestRate ?? 0));
  return [
    ...better.slice(0, 1).map(({ strategy }) => strategySettings(plan, strategy)),
    [],
    [...openServing],
    [...openStrategy(plan), ...openServing],
  ];
}

/** More hosts of the same kind: from what the rates say is needed, up. The strategy is left to the planner. */
function moreNodes(plan: Plan): Setting[][] {
  const { nodes } = plan.deployment.hardware;
  if (plan.deployment.hosts.length > 0) return [];
  const most = Math.max(...plan.candidates.map(({ throughput }) => throughput?.highestRequestRate ?? 0));
  const needed = most > 0 ? Math.ceil((plan.throughput.requestRate / most) * nodes) : nodes + 1;
  // One more may do where the rate says more: a longer pipeline shortens the first token, too.
  const first = Math.max(nodes + 1, needed);
  return [nodes + 1, first, first + 1, 2 * first]
    .filter((count, index, all) => count <= MOST_NODES && all.indexOf(count) === index)
    .map((count) => [{ key: "hardware.nodes", value: count }, ...openStrategy(plan), ...openServing]);
}

/** Other instance types that hold the weights, the cheapest first. The strategy is left to the planner. */
function otherTypes(plan: Plan): Setting[][] {
  const { deployment, instance } = plan;
  if (
    deployment.hosts.length > 0 ||
    instance.name === "custom" ||
    deployment.cost.priceUsdPerHour !== undefined
  )
    return [];
  const { tensorParallel, pipelineParallel } = plan.strategy;
  const weights = (plan.memoryPerGpu.weightsBytes * tensorParallel * pipelineParallel) / COPIES;
  const holds = ({ gpu, gpus }: InstanceType) =>
    findGpu(gpu).memoryBytes * gpus * deployment.hardware.nodes > weights;
  return listInstanceTypes()
    .filter((type) => type.name !== instance.name && type.priceUsdPerHour !== undefined && holds(type))
    .sort((a, b) => (a.priceUsdPerHour ?? 0) - (b.priceUsdPerHour ?? 0))
    .map((type) => [
      { key: "hardware.instanceType", value: type.name },
      ...openStrategy(plan),
      ...openServing,
    ]);
}

/** Asking for less: the rate that is sustained, or the targets that are reached. */
function lessAsked(plan: Plan): Setting[][] {
  const { throughput, deployment, violations, latency } = plan;
  const rate = Math.floor(throughput.sustainableRequestRate * ROUNDING * 100) / 100;
  const lower =
    rate > 0 && rate < throughput.requestRate ? [[{ key: "workload.requestRate", value: rate }]] : [];
  const looser = (["prefill", "firstToken", "decode"] as const).flatMap((name) =>
    (["p50", "p99"] as const).flatMap((percentile): Setting[] => {
      const value = latency[name][`${percentile}Ms`];
      const limit = deployment.slo[name][`${percentile}Ms`];
      return value > limit
        ? [{ key: `slo.${name}.${percentile}Ms`, value: Math.ceil(value / ROUNDING) }]
        : [];
    }),
  );
  const onlyLatency = violations.every(({ check }) => /-p(50|99)$|^request-rate$/.test(check));
  const usd = usdPerHour(situationOf(deployment, plan.model, plan.draft)) ?? 0;
  const isTooDear = violations.every(({ check }) => check === "price");
  const dearer = isTooDear ? [[{ key: "cost.maxUsdPerHour", value: Math.ceil(100 * usd) / 100 }]] : [];
  return [...lower, ...(looser.length > 0 && onlyLatency ? [looser] : []), ...dearer];
}

/** A change of the config, and what it makes of the deployment. */
interface Change {
  readonly settings: readonly Setting[];
  readonly situation: Situation;
  /** Highest rate that it might bring, by hand. */
  readonly mostRate: number;
}

/** The change that settings make; undefined when they change nothing, contradict each other, or cannot help. */
function changeOf(plan: Plan, wanted: readonly Setting[]): Change | undefined {
  const settings = changesTo(plan.deployment, [...neededFirst(plan, wanted), ...wanted]);
  if (settings.length === 0) return undefined;
  const deployment = withSettings(plan.deployment, settings);
  if (crossCheck(deployment).length > 0) return undefined;
  const situation = situationOf(deployment, plan.model, plan.draft);
  const mostRate = mostRateByHand(situation);
  const couldServe = mostRate > 0 && RATE_BY_HAND_LOW * mostRate >= deployment.workload.requestRate;
  return couldServe ? { settings, situation, mostRate } : undefined;
}

/** A strategy that passes in a situation, the present one where it does; undefined where none was found. */
function passingIn(situation: Situation, present: Candidate["strategy"]): Candidate["strategy"] | undefined {
  if (isRateDriven(situation)) return passingStrategy(situation, present);
  const { chosen, strategy } = planSituation(situation);
  return chosen.meetsSlo ? strategy : undefined;
}

/** Tries a change: the remedy when a strategy meets every requirement with it. */
function tryOut(plan: Plan, { settings, situation }: Change): Remedy | undefined {
  const strategy = passingIn(situation, plan.strategy);
  if (strategy === undefined) return undefined;
  const usd = usdPerHour(situation);
  // What was pinned is said as degrees: pinned again, it is what was simulated.
  const said = settings.map(({ key, value }) => {
    const degree = DEGREES.find((name) => key === `strategy.${name}`);
    return { key, value: degree === undefined ? value : strategy[degree] };
  });
  const isPinned = DEGREES.every((degree) => plan.deployment.strategy[degree] !== "auto");
  return {
    settings: changesTo(plan.deployment, said),
    // What is left to the planner it chooses again, by its objective.
    ...(isPinned ? { strategy } : {}),
    ...(usd === undefined ? {} : { usdPerHour: usd }),
  };
}

/** Where a machine does not pass, only one that serves this much more by hand is worth a plan. */
const STRONGER = 1.3;

/** The first of some changes that passes, of those that might; of `stronger` ones each has to be so than what failed. */
function firstOf(plan: Plan, options: readonly Setting[][], stronger = 0): Remedy[] {
  let left = MOST_PLANS;
  let least = 0;
  for (const settings of options) {
    const change = changeOf(plan, settings);
    if (change === undefined || change.mostRate < least) continue;
    if (left-- === 0) break;
    const remedy = tryOut(plan, change);
    if (remedy !== undefined) return [remedy];
    least = stronger * change.mostRate;
  }
  return [];
}

/**
 * Changes of the config with which a failing plan passes, cheapest first: each was simulated as a verdict is, so it passes
 * when it is applied. At most one that keeps the machines, one with more of them, one with others, and one that asks for
 * less. Empty for a plan that passes, and where nothing that was tried helps.
 */
export function findRemedies(plan: Plan): readonly Remedy[] {
  if (plan.chosen.meetsSlo) return [];
  const found = [
    ...[sameMachines(plan), lessAsked(plan), moreNodes(plan)].flatMap((options) => firstOf(plan, options)),
    ...firstOf(plan, otherTypes(plan), STRONGER),
  ];
  const price = ({ usdPerHour: usd }: Remedy) => usd ?? Number.POSITIVE_INFINITY;
  return found.sort((a, b) => price(a) - price(b)).slice(0, MOST);
}
