import { findGpu, type InstanceType, listInstanceTypes } from "../../catalog";
import { type Deployment, endTokens, type LengthDistribution } from "../../config";
import { countText, rateText } from "../figures/quantity-text";
import { sameStrategy, strategyLabel } from "../figures/strategy-label";
import { planSituation } from "../plan";
import { situationOf } from "../situation";
import type { Plan, SensitivityRow } from "../types";

interface Variant {
  readonly change: string;
  readonly deployment: Deployment;
}

/** Lengths twice as long (what they are raised to stays: a prefix does not grow with them), cut to what fits beside the output. */
function doubled(lengths: LengthDistribution, mostTokens: number): LengthDistribution {
  const twice = (tokens: number) => Math.min(2 * tokens, mostTokens);
  switch (lengths.kind) {
    case "fixed":
      return { ...lengths, tokens: twice(lengths.tokens) };
    case "uniform":
      return { ...lengths, min: twice(lengths.min), max: twice(lengths.max) };
    case "lognormal":
      return {
        ...lengths,
        median: twice(lengths.median),
        mean: Math.max(twice(lengths.median), twice(lengths.mean)),
        max: lengths.max === undefined ? mostTokens : twice(lengths.max),
      };
    case "empirical":
      return { ...lengths, quantiles: lengths.quantiles.map(twice) };
  }
}

function twiceTheRate({ workload, ...rest }: Deployment): Variant {
  const requestRate = 2 * workload.requestRate;
  return {
    change: `twice the request rate (${rateText(requestRate)})`,
    deployment: { ...rest, workload: { ...workload, requestRate } },
  };
}

function twiceThePrompt({ workload, ...rest }: Deployment): Variant {
  const room = rest.envelope.maxModelLen - endTokens(workload.outputTokens);
  const promptTokens = doubled(workload.promptTokens, Math.max(1, room));
  return {
    change: `prompts twice as long (cut at ${countText(room)} tokens)`,
    deployment: { ...rest, workload: { ...workload, promptTokens } },
  };
}

function twiceTheContext({ envelope, ...rest }: Deployment): Variant {
  const maxModelLen = 2 * envelope.maxModelLen;
  return {
    change: `twice the longest sequence (${countText(maxModelLen)} tokens)`,
    deployment: { ...rest, envelope: { ...envelope, maxModelLen } },
  };
}

/** Memory bandwidth orders GPUs for serving: it bounds decoding. */
const bandwidth = ({ gpu }: InstanceType) => findGpu(gpu).hbmBytesPerSecond;

/** The nearest instance type with as many GPUs whose GPU is faster (`up`) or slower; priced types first. */
function neighbour({ instance }: Plan, direction: "up" | "down"): InstanceType | undefined {
  const sign = direction === "up" ? 1 : -1;
  return listInstanceTypes()
    .filter((type) => type.gpus === instance.gpus && sign * (bandwidth(type) - bandwidth(instance)) > 0)
    .sort((a, b) => {
      const nearer = sign * (bandwidth(a) - bandwidth(b));
      const priced = Number(b.priceUsdPerHour !== undefined) - Number(a.priceUsdPerHour !== undefined);
      return nearer || priced;
    })[0];
}

function otherGpu(plan: Plan, direction: "up" | "down"): Variant[] {
  if (plan.instance.name === "custom") return [];
  const type = neighbour(plan, direction);
  if (type === undefined) return [];
  const { hardware, cost, ...rest } = plan.deployment;
  // A price from the config belongs to the instance type that it was given for.
  const { priceUsdPerHour: _, ...otherCost } = cost;
  return [
    {
      change: `one GPU type ${direction} (${type.name}, ${type.gpus} x ${type.gpu})`,
      deployment: { ...rest, hardware: { ...hardware, instanceType: type.name }, cost: otherCost },
    },
  ];
}

/** The planner decides by itself: what is pinned now need not be right then. */
function unpinned(deployment: Deployment): Deployment {
  const { objective } = deployment.strategy;
  const auto = "auto" as const;
  return {
    ...deployment,
    strategy: {
      tensorParallel: auto,
      pipelineParallel: auto,
      dataParallel: auto,
      expertParallel: auto,
      sequenceParallel: auto,
      objective,
    },
  };
}

const capitalised = (sentence: string): string => `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;

function row(plan: Plan, { change, deployment }: Variant): SensitivityRow {
  const other = planSituation(situationOf(unpinned(deployment), plan.model, plan.draft));
  const missed = other.violations.map(({ sentence }) => sentence).join(" ");
  return {
    change,
    choice: other.chosen.feasible ? strategyLabel(other.strategy) : "none",
    meetsSlo: other.chosen.meetsSlo,
    changesChoice: !other.chosen.feasible || !sameStrategy(other.strategy, plan.recommendation.strategy),
    sentence: other.chosen.meetsSlo ? capitalised(other.recommendation.sentence) : missed,
  };
}

/**
 * What the planner would choose, and whether it would meet every requirement, if one thing changed: twice the rate,
 * twice the prompt, twice the longest sequence, one GPU type up or down. Each row is a whole plan: about a second in all.
 */
export function sensitivity(plan: Plan): SensitivityRow[] {
  const { deployment } = plan;
  const variants = [
    twiceTheRate(deployment),
    twiceThePrompt(deployment),
    twiceTheContext(deployment),
    ...otherGpu(plan, "up"),
    ...otherGpu(plan, "down"),
  ];
  return variants.map((variant) => row(plan, variant));
}
