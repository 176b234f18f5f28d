import type { Source } from "../../catalog";
import { firstVersionWith } from "../../performance";
import { type Plan, type Provenance, SIMULATION_SOURCE } from "../../strategy";

/**
 * Provenance of figures that the planner takes as they are (config, catalogue) or that restate its result (ranks,
 * checks). The planner's own entries in `plan.provenance` go first; these fill the rest.
 */
export function statedFigures(plan: Plan): readonly Provenance[] {
  return [...fromConfig(), ...fromCatalog(plan), ...fromPlanner(plan), ...fromSimulation(plan)];
}

const cite = ({ source, date }: Source): string => `${source} (${date})`;

function fromConfig(): readonly Provenance[] {
  const config = (figure: string, section: string): Provenance => ({
    figure,
    kind: "config",
    formula: `as the stack's config says under \`${section}\`, or its documented default`,
    inputs: {},
    source: "stack config; docs/configuration.md lists every key with its default",
  });
  return [
    config("workload.**", "workload"),
    config("slo.**", "slo"),
    config("envelope.**", "envelope"),
    config("hardware.nodes", "hardware.nodes"),
    config("serving.gpuMemoryUtilization", "serving.gpuMemoryUtilization"),
    config("throughput.requestRate", "workload.requestRate"),
    config("candidates.*.throughput.requestRate", "workload.requestRate"),
    config("candidates.*.serving.gpuMemoryUtilization", "serving.gpuMemoryUtilization"),
    config("schemaVersion", "(none: version of this JSON's layout)"),
  ];
}

function fromCatalog(plan: Plan): readonly Provenance[] {
  const catalog = (figure: string, what: string, source: Source): Provenance => ({
    figure,
    kind: "published",
    formula: `taken from the catalogue: ${what}`,
    inputs: {},
    source: cite(source),
  });
  return [
    catalog("model.**", `architecture of ${plan.model.name}`, plan.model.provenance),
    catalog("hardware.instance.**", `instance type ${plan.instance.name}`, plan.instance.provenance),
    catalog("hardware.gpu.**", `data sheet of ${plan.gpu.name}`, plan.gpu.provenance),
  ];
}

const CUDA_GRAPHS = `captured as far as launching kernels one by one would slow a step (at least 0.8 ms a layer since ${firstVersionWith("launchCostSeen")}), within the token budget; sizes above 256 tokens lie \`stride\` apart`;

function fromPlanner(plan: Plan): readonly Provenance[] {
  const derived = (figure: string, formula: string): Provenance => ({
    figure,
    kind: "derived",
    formula,
    inputs: {},
    source: "shardplan's planner; docs/numbers.md",
  });
  const chosen = plan.pinned
    ? "pinned by the config under `strategy`"
    : "the best candidate by the objective";
  return [
    { ...derived("strategy.*", chosen), kind: plan.pinned ? "config" : "derived" },
    derived("strategy.gpus", "tensorParallel x pipelineParallel x dataParallel"),
    derived("recommendation.strategy.*", "the candidate that the planner would choose by itself"),
    derived("candidates.*.strategy.*", "one point of the enumeration of TP x PP x DP x EP x SP"),
    derived("candidates.*.strategy.gpus", "tensorParallel x pipelineParallel x dataParallel"),
    derived("candidates.*.serving.*", "picked within the envelope so that every target holds, or as pinned"),
    derived("serving.*", "picked within the envelope so that every target holds, or as pinned"),
    derived("candidates.*.serving.cudaGraphs.*", CUDA_GRAPHS),
    derived("serving.cudaGraphs.*", CUDA_GRAPHS),
    derived("moduleDivision.*.gpu", "index of the GPU over all nodes"),
    derived("moduleDivision.*.node", "floor(gpu / GPUs per node)"),
    derived("moduleDivision.*.replica", "floor(gpu / (tensorParallel x pipelineParallel))"),
    derived("moduleDivision.*.stage", "floor(gpu / tensorParallel) mod pipelineParallel"),
    derived("moduleDivision.*.tensorRank", "gpu mod tensorParallel"),
    derived("moduleDivision.*.firstLayer", "first layer of the stage; layers are split as vLLM splits them"),
    derived("moduleDivision.*.lastLayer", "last layer of the stage, inclusive"),
    derived("checks.*.value", "the figure that the requirement names, as printed in its own section"),
    {
      ...derived("checks.*.limit", "the limit that the config sets under the check's `configKey`"),
      kind: "config",
    },
    derived("checks.*.margin", "distance from value to limit, negative when the requirement is violated"),
    ...costFigures(plan),
  ];
}

function costFigures(plan: Plan): readonly Provenance[] {
  const cost = (figure: string, formula: string): Provenance => ({
    figure,
    kind: "derived",
    formula,
    inputs: {},
    source: plan.cost.priceSource,
  });
  return [
    cost("cost.usdPerHour", "price of one node per hour x nodes"),
    cost("cost.usdPerMonth", "usdPerHour x 730 h"),
    cost("cost.usdPerMillionOutputTokens", "usdPerHour / (outputTokensPerSecond x 3600) x 10^6"),
  ];
}

function fromSimulation(plan: Plan): readonly Provenance[] {
  const { seed, simulatedRequests, requestRate } = plan.deployment.workload;
  const simulated = (figure: string, formula: string): Provenance => ({
    figure,
    kind: "derived",
    formula,
    inputs: {
      requests: String(simulatedRequests),
      seed: String(seed),
      requestRate: `${requestRate} requests/s`,
    },
    source: SIMULATION_SOURCE,
  });
  return [
    simulated("loadCurve.*.requestRate", "a share of the saturated rate"),
    simulated("loadCurve.**", "percentile of a simulation at that rate"),
    simulated("simulation.**", "counted in the simulation of the chosen strategy"),
    simulated("overload.mostRequestRate", "saturatedRequestRate: the highest rate that can be served at all"),
    simulated("overload.shortRequestRate", "requestRate - saturatedRequestRate"),
    simulated("overload.queueGrowthPerMinute", "60 x (requestRate - saturatedRequestRate)"),
    simulated("remedies.**", "the plan with these settings, as if they were typed"),
    simulated("steps.**", "sum of the kernels of one step at the simulated batch"),
    simulated("candidates.*.tokensPerSecondPerUser", "1000 / mean time per output token in ms"),
  ];
}
