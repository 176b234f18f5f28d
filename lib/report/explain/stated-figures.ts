import type { Source } from "../../catalog";
import { firstVersionWith } from "../../performance";
import { type Plan, type Provenance, searched, simulated } from "../../strategy";
import type { FigurePattern } from "../json/json-figure";

type Entry = Provenance<FigurePattern>;

/**
 * Provenance of figures that the planner takes as they are (config, catalogue) or that restate its result. The planner's
 * own entries in `plan.provenance` go first; these fill the rest.
 */
export function statedFigures(plan: Plan): readonly Entry[] {
  return [...fromConfig(), ...fromCatalog(plan), ...fromSearch(plan), ...fromRuns(plan), ...restated()];
}

const cite = ({ source, date }: Source): string => `${source} (${date})`;

function fromConfig(): readonly Entry[] {
  const config = (figure: FigurePattern, section: string): Entry => ({
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
    config("candidates.*.serving.gpuMemoryUtilization", "serving.gpuMemoryUtilization"),
    config("schemaVersion", "(none: version of this JSON's layout)"),
    {
      ...config("checks.*.limit", ""),
      formula: "the limit that the config sets under the check's `configKey`",
    } as Entry,
  ];
}

function fromCatalog(plan: Plan): readonly Entry[] {
  const catalog = (figure: FigurePattern, what: string, source: Source): Entry => ({
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

const PLANNER = { source: "shardplan's planner; docs/numbers.md" };
const CUDA_GRAPHS = `captured as far as launching kernels one by one would slow a step (at least 0.8 ms a layer since ${firstVersionWith("launchCostSeen")}), within the token budget; sizes above 256 tokens lie \`stride\` apart`;
const WITHIN_ENVELOPE = "picked within the envelope so that every target holds, or as pinned";

function fromSearch(plan: Plan): readonly Entry[] {
  const chosen = plan.pinned
    ? "pinned by the config under `strategy`"
    : "the best candidate by the objective";
  return [
    { ...searched<FigurePattern>("strategy.*", chosen, PLANNER), kind: plan.pinned ? "config" : "searched" },
    searched("recommendation.strategy.*", "the candidate that the planner would choose by itself", PLANNER),
    searched("candidates.*.strategy.*", "one point of the enumeration of TP x PP x DP x EP x SP", PLANNER),
    searched("candidates.*.serving.*", WITHIN_ENVELOPE, PLANNER),
    searched("serving.*", WITHIN_ENVELOPE, PLANNER),
    searched("candidates.*.serving.cudaGraphs.*", CUDA_GRAPHS, PLANNER),
    searched("serving.cudaGraphs.*", CUDA_GRAPHS, PLANNER),
    searched("remedies.**", "the plan with these settings, as if they were typed"),
  ];
}

function fromRuns({ deployment }: Plan): readonly Entry[] {
  const { seed, simulatedRequests, requestRate } = deployment.workload;
  const run = (figure: FigurePattern, formula: string): Entry =>
    simulated(figure, formula, { inputs: { requests: simulatedRequests, seed, requestRate } });
  return [
    run("loadCurve.*.requestRate", "a share of the saturated rate"),
    run("loadCurve.**", "percentile of a simulation at that rate"),
    run("simulation.**", "counted in the simulation of the chosen strategy"),
    run("steps.**", "time of these kernels in one step, by the tables of docs/numbers.md"),
  ];
}

function restated(): readonly Entry[] {
  const restate = (figure: FigurePattern, formula: string): Entry => ({
    figure,
    kind: "restated",
    formula,
    inputs: {},
    ...PLANNER,
  });
  return [
    restate("checks.*.value", "the figure that the requirement names, as printed in its own section"),
    restate("moduleDivision.*.gpu", "index of the GPU over all nodes"),
    restate("overload.mostRequestRate", "throughput.saturatedRequestRate"),
  ];
}
