import type { PeerTokens, SimulationInput, StepShape, TrafficInput } from "../../lib/performance";
import { engineProfile } from "../../lib/performance";
import { apiServers } from "../../lib/performance/simulation/engine-balancer";
import { createRequestTable } from "../../lib/performance/simulation/request-table";

/** vLLM whose scheduler is driven beside the simulation; its sources are pinned in engine-sources.lock. */
export const DRIVEN_VERSION = "0.33.0";

/** One run that both schedulers make: the same requests, limits and step times. */
export interface Scenario {
  readonly name: string;
  readonly input: SimulationInput;
  readonly baseMs: number;
  readonly perTokenMs: number;
}

interface Outline {
  readonly name: string;
  readonly stages?: number;
  /** Data-parallel ranks that step together. */
  readonly ranks?: number;
  readonly kvTokens?: number;
  readonly budget?: number;
  readonly sequences?: number;
  readonly prompts?: readonly [min: number, max: number];
  readonly outputs?: readonly [min: number, max: number];
  readonly prefixTokens?: number;
  readonly rate?: number;
  readonly clients?: number;
  readonly isOffline?: boolean;
  readonly prefixCaching?: boolean;
  readonly endsByToken?: boolean;
  readonly requests?: number;
  readonly prefillInterval?: number;
  readonly watermark?: number;
}

/** Step times of about a 70B model on eight GPUs, in the tokens of a step alone. */
const BASE_MS = 10;
const PER_TOKEN_MS = 0.05;

function arrivalsOf({ clients, isOffline, rate }: Outline): TrafficInput["arrivals"] {
  if (clients !== undefined) return { kind: "closed", concurrency: clients };
  return isOffline ? { kind: "offline" } : { kind: "poisson", requestRate: rate ?? 6 };
}

function scenario(outline: Outline): Scenario {
  const stages = outline.stages ?? 1;
  const [minPrompt, maxPrompt] = outline.prompts ?? [200, 1800];
  const [minOutput, maxOutput] = outline.outputs ?? [20, 200];
  const input: SimulationInput = {
    latency: {
      stages,
      stageMs: (_stage: number, { tokens }: StepShape, peers?: PeerTokens) =>
        (BASE_MS + (PER_TOKEN_MS * (peers ? peers.mostTokens + peers.allTokens : 2 * tokens)) / 2) / stages,
      prefillAttentionMs: () => 0,
      breakdown: () => {
        throw new Error("a scheduler needs no parts of a step");
      },
      basis: { kind: "measured", figures: [] },
    },
    engine: engineProfile("vLLM", { version: DRIVEN_VERSION }),
    traffic: {
      arrivals: arrivalsOf(outline),
      promptTokens: { kind: "uniform", min: minPrompt, max: maxPrompt },
      outputTokens: { kind: "uniform", min: minOutput, max: maxOutput },
      cachedPrefixTokens: outline.prefixTokens ?? 0,
      endsByToken: outline.endsByToken ?? false,
      requests: outline.requests ?? 120,
      seed: 1,
    },
    scheduler: {
      maxNumSeqs: outline.sequences ?? 128,
      maxNumBatchedTokens: outline.budget ?? 1024,
      kvCacheTokens: outline.kvTokens ?? 400_000,
      prefixCaching: outline.prefixCaching ?? true,
      prefillInterval: outline.prefillInterval ?? 1,
      watermark: outline.watermark ?? 0,
    },
    replicas: outline.ranks ?? 1,
    balancer: "round-robin",
    stepsTogether: outline.ranks !== undefined,
  };
  return { name: outline.name, input, baseMs: BASE_MS, perTokenMs: PER_TOKEN_MS };
}

const PIPELINES = [1, 2, 4, 8];

const OUTLINES: readonly Outline[] = [
  ...PIPELINES.flatMap((stages): Outline[] => [
    { name: `PP${stages}, Poisson, ample KV`, stages },
    { name: `PP${stages}, closed loop of 32`, stages, clients: 32 },
    {
      name: `PP${stages}, closed loop of 80 above 48 sequences`,
      stages,
      clients: 80,
      sequences: 48,
      requests: 200,
    },
    { name: `PP${stages}, prompts beyond the budget`, stages, prompts: [2000, 6000], budget: 1024, rate: 2 },
    { name: `PP${stages}, short of KV`, stages, kvTokens: 24_000, clients: 48 },
    { name: `PP${stages}, starved of KV`, stages, kvTokens: 8_000, clients: 48, requests: 100 },
    {
      name: `PP${stages}, starved, no prefix caching`,
      stages,
      kvTokens: 12_000,
      rate: 4,
      prefixCaching: false,
    },
    { name: `PP${stages}, shared prefix`, stages, prompts: [900, 2500], prefixTokens: 800, rate: 8 },
    { name: `PP${stages}, ends by a token`, stages, rate: 8, endsByToken: true },
  ]),
  { name: "budget 256, 64 sequences", budget: 256, sequences: 64, rate: 3 },
  { name: "budget 8192", budget: 8192, rate: 8 },
  { name: "8 sequences", sequences: 8, rate: 3 },
  { name: "one client", clients: 1, requests: 40 },
  { name: "offline", isOffline: true },
  { name: "offline, short of KV", isOffline: true, kvTokens: 32_000 },
  { name: "long outputs, short of KV", kvTokens: 30_000, outputs: [500, 1500], clients: 32, requests: 60 },
  { name: "long prompts, short of KV", kvTokens: 32_000, prompts: [3000, 5000], rate: 0.8, requests: 60 },
  { name: "shared prefix, starved", kvTokens: 9_000, prompts: [700, 1500], prefixTokens: 640, clients: 48 },
  {
    name: "shared prefix, PP2, short of KV",
    stages: 2,
    kvTokens: 16_000,
    prompts: [700, 1500],
    prefixTokens: 640,
    clients: 48,
  },
  { name: "one token each", outputs: [1, 1], rate: 12 },
  { name: "one token each, PP4", stages: 4, outputs: [1, 1], rate: 12 },
  { name: "ends by a token, starved", kvTokens: 10_000, clients: 48, endsByToken: true, requests: 100 },
  { name: "ends by a token, closed loop, PP4", stages: 4, clients: 64, endsByToken: true },
  { name: "prompts every 2 steps", prefillInterval: 2 },
  { name: "prompts every 4 steps, budget 256", prefillInterval: 4, budget: 256, sequences: 64, rate: 3 },
  { name: "prompts every 4 steps, closed loop", prefillInterval: 4, clients: 32 },
  { name: "prompts every 2 steps, PP4", stages: 4, prefillInterval: 2 },
  { name: "prompts every 3 steps, short of KV", prefillInterval: 3, kvTokens: 24_000, clients: 48 },
  { name: "prompts every 3 steps, ends by a token", prefillInterval: 3, rate: 8, endsByToken: true },
  { name: "watermark of 5 %, short of KV", watermark: 0.05, kvTokens: 24_000, clients: 48 },
  { name: "watermark of 2 %, starved", watermark: 0.02, kvTokens: 12_000, rate: 4, requests: 100 },
  { name: "watermark of 10 %, PP2, starved", stages: 2, watermark: 0.1, kvTokens: 16_000, clients: 48 },
  { name: "2 ranks of experts, Poisson", ranks: 2, rate: 8 },
  { name: "8 ranks of experts, Poisson", ranks: 8, rate: 12, requests: 200 },
  { name: "8 ranks of experts, few requests", ranks: 8, rate: 1, requests: 40 },
  { name: "4 ranks of experts, closed loop of 64", ranks: 4, clients: 64, requests: 300 },
  { name: "4 ranks of experts, ends by a token", ranks: 4, rate: 8, endsByToken: true },
  { name: "4 ranks of experts, 8 sequences each", ranks: 4, rate: 10, sequences: 8, requests: 200 },
  { name: "4 ranks of experts, prompts every 2 steps", ranks: 4, rate: 10, prefillInterval: 2 },
  { name: "2 ranks of experts, short of KV", ranks: 2, clients: 64, kvTokens: 12_000 },
  { name: "4 ranks of experts, starved of KV", ranks: 4, rate: 10, kvTokens: 6_000, requests: 200 },
];

export const scenarios: readonly Scenario[] = OUTLINES.map(scenario);

/** The scenario as bench/vllm/drive_scheduler.py reads it: every request by itself. */
export function drivenScenario({ name, input, baseMs, perTokenMs }: Scenario): object {
  const { traffic, scheduler, latency } = input;
  const requests = createRequestTable(traffic);
  return {
    name,
    stages: latency.stages,
    ranks: input.replicas,
    servers: apiServers(traffic, input.replicas),
    kvTokens: scheduler.kvCacheTokens,
    budget: scheduler.maxNumBatchedTokens,
    sequences: scheduler.maxNumSeqs,
    prefixCaching: scheduler.prefixCaching,
    prefillInterval: scheduler.prefillInterval,
    watermark: scheduler.watermark,
    prefixTokens: traffic.cachedPrefixTokens,
    endsByToken: traffic.endsByToken,
    clients: traffic.arrivals.kind === "closed" ? traffic.arrivals.concurrency : 0,
    baseMs,
    perTokenMs,
    prompts: [...requests.promptTokens],
    outputs: [...requests.outputTokens],
    sentMs: [...requests.sentMs],
  };
}
