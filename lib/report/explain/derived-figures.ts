import type { Derivation, StepBreakdown } from "../../performance";
import { derived, type Plan, type Provenance, SIMULATION_SOURCE, type Strategy } from "../../strategy";
import type { JsonFigure } from "../json/json-figure";
import { overloadOf } from "../overload";

/** Formulas of figures that stand many times in the JSON: of one path, with that one's inputs. */
export function derivedFigure(plan: Plan, figure: string): Provenance | undefined {
  const [group = "", index = "", name = ""] = figure.split(".");
  const derivation =
    group === "moduleDivision"
      ? division(plan, Number(index), name)
      : group === "checks" && name === "margin"
        ? margin(plan, Number(index))
        : single(plan, figure as JsonFigure);
  if (derivation === undefined) return undefined;
  const isTimed = group === "steps" || group === "overload";
  return derived(figure, derivation, isTimed ? SIMULATION_SOURCE : "shardplan's planner; docs/numbers.md");
}

function single(plan: Plan, figure: JsonFigure): Derivation | undefined {
  switch (figure) {
    case "strategy.gpus":
      return gpus(plan.strategy);
    case "recommendation.strategy.gpus":
      return gpus(plan.recommendation.strategy);
    case "steps.decode.totalMs":
      return total(plan.steps.decode);
    case "steps.prefill.totalMs":
      return total(plan.steps.prefill);
    case "overload.shortRequestRate":
      return short(plan, "max(0, requestRate - saturatedRequestRate)");
    case "overload.queueGrowthPerMinute":
      return short(plan, "60 * max(0, requestRate - saturatedRequestRate)");
    default:
      return candidateGpus(plan, figure);
  }
}

const gpus = ({ tensorParallel, pipelineParallel, dataParallel }: Strategy): Derivation => ({
  formula: "tensorParallel * pipelineParallel * dataParallel",
  inputs: { tensorParallel, pipelineParallel, dataParallel },
});

function candidateGpus({ candidates }: Plan, figure: string): Derivation | undefined {
  const [, index] = /^candidates\.(\d+)\.strategy\.gpus$/.exec(figure) ?? [];
  const candidate = candidates[Number(index)];
  return candidate === undefined ? undefined : gpus(candidate.strategy);
}

function total(step: StepBreakdown): Derivation {
  const { totalMs: _, ...inputs } = step;
  return { formula: Object.keys(inputs).join(" + "), inputs: { ...inputs } };
}

function short(plan: Plan, formula: string): Derivation | undefined {
  if (overloadOf(plan) === undefined) return undefined;
  const { requestRate, saturatedRequestRate } = plan.throughput;
  return { formula, inputs: { requestRate, saturatedRequestRate } };
}

function margin({ checks }: Plan, index: number): Derivation | undefined {
  const check = checks[index];
  if (check === undefined) return undefined;
  const { value, limit } = check;
  const formula = check.margin === limit - value ? "limit - value" : "value - limit";
  return { formula, inputs: { value, limit } };
}

/** Ranks are numbered as vLLM numbers them, layers split as it splits them: the remainder from the last but one stage on. */
function division({ moduleDivision, strategy, instance, model }: Plan, index: number, name: string) {
  const part = moduleDivision[index];
  if (part === undefined) return undefined;
  const { gpu, stage } = part;
  const { tensorParallel, pipelineParallel } = strategy;
  const { layers } = model;
  const stages = Math.min(pipelineParallel, layers);
  const before = (of: string) =>
    `${of} * floor(layers / stages) + max(0, min(${of}, stages - 1) - (stages - 1 - layers % stages))`;
  const formulas: Readonly<Record<string, Derivation>> = {
    node: { formula: "floor(gpu / gpusPerNode)", inputs: { gpu, gpusPerNode: instance.gpus } },
    replica: {
      formula: "floor(gpu / (tensorParallel * pipelineParallel))",
      inputs: { gpu, tensorParallel, pipelineParallel },
    },
    stage: {
      formula: "floor(gpu / tensorParallel) % pipelineParallel",
      inputs: { gpu, tensorParallel, pipelineParallel },
    },
    tensorRank: { formula: "gpu % tensorParallel", inputs: { gpu, tensorParallel } },
    firstLayer: { formula: before("stage"), inputs: { stage, stages, layers } },
    lastLayer: { formula: `${before("(stage + 1)")} - 1`, inputs: { stage, stages, layers } },
  };
  return formulas[name];
}
