import { countParameters, findGpu, type Gpu, type InstanceType, listInstanceTypes } from "../../catalog";
import { crossCheck, type Deployment, loadedPrecision, meanTokens } from "../../config";
import { somePasses } from "../candidates/might-pass";
import { mayReachByHand } from "../candidates/rate-by-hand";
import { usdPerHour, usdPerMillionTokens } from "../figures/price";
import { planSituation } from "../plan";
import { leastWeightBytes } from "../replica/fit-memory";
import { type Situation, situationOf } from "../situation";
import type { PlanLatency, ServingParameters, Strategy } from "../types";
import { MOST_NODES } from "./limits";

/** Machines that could be rented: so many of one type. */
export interface Machines {
  readonly instanceType: string;
  readonly nodes: number;
  readonly gpu: string;
  readonly usdPerHour: number;
}

/** Machines of which a plan meets every requirement, with what that plan does. */
export interface Recommendation extends Machines {
  readonly strategy: Strategy;
  readonly serving: ServingParameters;
  readonly latency: PlanLatency;
  /** First token and all gaps of a request of mean length, by the medians. */
  readonly requestMs: number;
  readonly highestRequestRate: number;
  /** At the rate that is asked. */
  readonly usdPerMillionOutputTokens?: number;
  /** No other recommended machines are both cheaper and faster. */
  readonly isOnFront: boolean;
}

/** What trying some machines gave. */
export interface Trial {
  /** A plan was made; otherwise what can be said by hand ruled the machines out. */
  readonly isPlanned: boolean;
  readonly recommendation?: Recommendation;
}

/** Tries machines: `tryMachines`, here or in another thread. */
export type Try = (machines: Machines) => Promise<Trial>;

/** The recommended machines, the cheapest first, and how many were looked at. */
export interface Recommended {
  readonly requestRate: number;
  readonly recommendations: readonly Recommendation[];
  readonly considered: number;
  readonly planned: number;
  /** GPUs of which machines dearer than the cheapest were planned to no avail, so that still dearer ones were not tried. */
  readonly unsettledGpus: readonly string[];
}

/** Machines of another GPU are shown up to this many times the price of the cheapest. */
const SPREAD = 4;
/** Machines of another GPU than the cheapest that are planned to no avail before that GPU is left. */
const MOST_DEARER = 2;

/** What is asked, and who tries machines: so many at once. The answer does not depend on how many. */
interface RecommendQuestion {
  readonly situation: Situation;
  readonly tries: Try;
  readonly lanes?: number;
}

/** The machines of one GPU that are left to try, the cheapest first. */
interface Walk {
  readonly gpu: string;
  left: readonly Machines[];
  /** Planned to no avail though dearer than machines that pass. */
  dearer: number;
  /** It was left though dearer machines might pass. */
  isUnsettled: boolean;
}

interface Progress {
  readonly planned: number;
  readonly done: number;
  readonly all: number;
  readonly cheapest: number;
}

const progressText = ({ planned, done, all, cheapest }: Progress): string =>
  `${done} of ${all} machines tried, ${planned} planned${Number.isFinite(cheapest) ? `, the cheapest that passes so far $${cheapest.toFixed(2)}/h` : ""} ...`;

/** How to look for machines. */
export interface RecommendOptions {
  /** Prices in USD per hour by instance type, spot or reserved, in place of the catalogue's. */
  readonly prices?: Readonly<Record<string, number>>;
  /** The cheapest alone: nothing dearer is tried. */
  readonly cheapestOnly?: boolean;
  /** Hears what is being tried. */
  readonly onProgress?: (text: string) => void;
}

/**
 * The cheapest machines of the catalogue, of every type and number of nodes, of which a plan meets every requirement of the
 * deployment; and of each other GPU the cheapest that pass, as far as they are not far dearer. Machines are ruled out by
 * their memory and by rates by hand, and the others planned in the order of their price: none that is cheaper passes.
 */
export async function recommend(
  { situation, tries, lanes = 1 }: RecommendQuestion,
  options: RecommendOptions = {},
): Promise<Recommended> {
  const all = possibleMachines(situation, options.prices ?? {});
  const { requestRate } = situation.deployment.workload;
  const found: Recommendation[] = [];
  let planned = 0;
  let done = 0;
  const cheapest = () => Math.min(...found.map(({ usdPerHour: usd }) => usd));
  const walks = [...new Set(all.map(({ gpu }) => gpu))].map((gpu): Walk => {
    return { gpu, left: all.filter((machines) => machines.gpu === gpu), dearer: 0, isUnsettled: false };
  });
  const take = (walk: Walk, { isPlanned, recommendation }: Trial): void => {
    const [machines, ...rest] = walk.left;
    if (machines === undefined) return;
    done++;
    if (isPlanned) planned++;
    if (recommendation) found.push(recommendation);
    if (isPlanned && !recommendation && machines.usdPerHour > cheapest()) walk.dearer++;
    const most = cheapest() * (options.cheapestOnly ? 1 : SPREAD);
    const payable = rest.filter(({ usdPerHour: usd }) => usd <= most);
    walk.isUnsettled = !recommendation && walk.dearer >= MOST_DEARER && payable.length > 0;
    walk.left = recommendation || walk.isUnsettled ? [] : payable;
    options.onProgress?.(progressText({ planned, done, all: all.length, cheapest: cheapest() }));
  };
  const running = new Map<Machines, Promise<void>>();
  const tried = new Map<Machines, Trial>();
  const begin = async (machines: Machines): Promise<void> => {
    tried.set(machines, await tries(machines));
    running.delete(machines);
  };
  // Trials are taken in the order of price, whichever ends first: those that were begun ahead change nothing.
  for (;;) {
    const most = cheapest() * (options.cheapestOnly ? 1 : SPREAD);
    const price = ({ left: [next] }: Walk) => next?.usdPerHour ?? Number.POSITIVE_INFINITY;
    const next = walks
      .filter((each) => each.left.length > 0 && price(each) <= most)
      .sort((x, y) => price(x) - price(y));
    const [walk] = next;
    if (walk === undefined) break;
    const trial = walk.left[0] && tried.get(walk.left[0]);
    if (trial !== undefined) {
      take(walk, trial);
      continue;
    }
    for (const { left } of next) {
      const [machines] = left;
      if (machines === undefined || tried.has(machines) || running.has(machines)) continue;
      if (running.size < lanes) running.set(machines, begin(machines));
    }
    await Promise.race(running.values());
  }
  const unsettledGpus = walks.filter(({ isUnsettled }) => isUnsettled).map(({ gpu }) => gpu);
  const order = found.sort((a, b) => a.usdPerHour - b.usdPerHour);
  const shown = options.cheapestOnly ? order.slice(0, 1) : order;
  return {
    requestRate,
    recommendations: shown.map((each) => ({ ...each, isOnFront: isOnFront(each, shown) })),
    considered: all.length,
    planned,
    unsettledGpus,
  };
}

const isOnFront = (one: Recommendation, all: readonly Recommendation[]): boolean =>
  !all.some(
    (other) => other !== one && other.usdPerHour <= one.usdPerHour && other.requestMs < one.requestMs,
  );

/** A deployment on other machines. */
export function withMachines(
  deployment: Deployment,
  { instanceType, nodes, usdPerHour: usd }: Machines,
): Deployment {
  const cost = { ...deployment.cost, priceUsdPerHour: usd / nodes };
  return { ...deployment, hardware: { instanceType, nodes, network: deployment.hardware.network }, cost };
}

/** Types by price, without those that another one with the same GPUs and no slower network undercuts. */
function distinctTypes(prices: Readonly<Record<string, number>>): readonly InstanceType[] {
  const priced = listInstanceTypes()
    .map((type) => ({ ...type, priceUsdPerHour: prices[type.name] ?? type.priceUsdPerHour }))
    .filter((type): type is InstanceType & { priceUsdPerHour: number } => type.priceUsdPerHour !== undefined)
    .sort((a, b) => a.priceUsdPerHour - b.priceUsdPerHour || b.networkGbps - a.networkGbps);
  return priced.filter(
    (type, at) =>
      !priced
        .slice(0, at)
        .some(
          ({ gpu, gpus, networkGbps }) =>
            gpu === type.gpu && gpus === type.gpus && networkGbps >= type.networkGbps,
        ),
  );
}

/** Machines that hold the weights, the cheapest first. */
export function possibleMachines(
  { deployment, model }: Pick<Situation, "deployment" | "model">,
  prices: Readonly<Record<string, number>>,
): readonly Machines[] {
  const weights = leastWeightBytes({ deployment, model });
  const flops = leastFlopsPerSecond({ deployment, model });
  const eightBits = model.checkpoint !== undefined || loadedPrecision(deployment.model) === "fp8";
  const types = distinctTypes(prices);
  const machines = types.flatMap((type, at) => {
    const gpu = findGpu(type.gpu);
    const isNetworkAlone = types
      .slice(0, at)
      .some((other) => other.gpu === type.gpu && other.gpus === type.gpus);
    return Array.from({ length: MOST_NODES }, (_, node) => node + 1)
      .filter((nodes) => nodes > 1 || !isNetworkAlone)
      .filter((nodes) => gpu.memoryBytes * type.gpus * nodes > weights)
      .filter((nodes) => type.gpus * nodes * peakOf(gpu, eightBits) > flops)
      .map(
        (nodes): Machines => ({
          ...{ instanceType: type.name, nodes, gpu: type.gpu },
          usdPerHour: nodes * (type.priceUsdPerHour ?? Number.POSITIVE_INFINITY),
        }),
      );
  });
  return machines.sort((a, b) => a.usdPerHour - b.usdPerHour || a.nodes - b.nodes);
}

/** Highest rate of arithmetic of a GPU, in the formats that the weights may be computed in. */
const peakOf = (gpu: Gpu, isQuantized: boolean): number =>
  Math.max(
    gpu.bf16FlopsPerSecond,
    ...(isQuantized
      ? [gpu.fp8FlopsPerSecond, gpu.fp4FlopsPerSecond, gpu.int8OpsPerSecond].map((rate) => rate ?? 0)
      : []),
  );

/** What the products of the weights alone take at the requested rate, within the share that may be asked of the GPUs. */
function leastFlopsPerSecond({ deployment, model }: Pick<Situation, "deployment" | "model">): number {
  const { workload, envelope } = deployment;
  const prompt = meanTokens(workload.promptTokens) - workload.cachedPrefixTokens;
  // Embeddings are looked up, prompts need no logits, and of the experts a token passes a few.
  const { experts, hiddenSize, layers, vocabularySize } = model;
  const idle = experts
    ? 3 * (experts.count - experts.activePerToken) * experts.intermediateSize * hiddenSize * layers
    : 0;
  const parameters = Math.max(0, countParameters(model).total - 2 * vocabularySize * hiddenSize - idle);
  return (
    (2 * parameters * (prompt + meanTokens(workload.outputTokens)) * workload.requestRate) /
    envelope.gpuUtilizationTarget
  );
}

/**
 * Plans what is asked on some machines, unless what can be said by hand rules them out. Machines that are tried for the same
 * `asked` share what they have alike.
 */
export function tryMachines(asked: Situation, machines: Machines): Trial {
  const deployment = withMachines(asked.deployment, machines);
  if (crossCheck(deployment).length > 0) return { isPlanned: false };
  const situation = situationOf(deployment, asked.model, asked.draft);
  const { requestRate, outputTokens } = deployment.workload;
  if (!mayReachByHand(situation)) return { isPlanned: false };
  if (!somePasses(situation)) return { isPlanned: true };
  const { chosen, serving, latency, throughput, strategy } = planSituation(situation, {
    isChoiceAlone: true,
  });
  if (!chosen.meetsSlo) return { isPlanned: true };
  const output = meanTokens(outputTokens);
  const perMillion = usdPerMillionTokens(usdPerHour(situation), requestRate * output);
  return {
    isPlanned: true,
    recommendation: {
      ...machines,
      strategy,
      serving,
      latency,
      requestMs:
        latency.firstToken.p50Ms +
        (output - 1) * (Number.isFinite(latency.decode.p50Ms) ? latency.decode.p50Ms : 0),
      highestRequestRate: throughput.highestRequestRate,
      ...(perMillion === undefined ? {} : { usdPerMillionOutputTokens: perMillion }),
      isOnFront: false,
    },
  };
}
