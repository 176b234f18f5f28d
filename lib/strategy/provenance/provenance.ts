import { meanTokens } from "../../config";
import { HOURS_PER_MONTH, priceSource, usdPerNodeHour } from "../figures/price";
import type { Situation } from "../situation";
import type { CandidateFigure, Plan, PlanFigure, Provenance } from "../types";
import { provenanceOfCandidate } from "./candidate-provenance";
import { derived } from "./entry";

type Unprovenanced = Omit<Plan, "provenance">;

function cost(situation: Situation, plan: Unprovenanced): readonly Provenance<PlanFigure>[] {
  const { usdPerHour } = plan.cost;
  const perNode = usdPerNodeHour(situation);
  if (usdPerHour === undefined || perNode === undefined) return [];
  const source = priceSource(situation);
  const { nodes } = situation.hardware;
  const { requestRate } = plan.throughput;
  const meanOutputTokens = meanTokens(situation.deployment.workload.outputTokens);
  return [
    derived(
      "cost.usdPerHour",
      { formula: "usdPerNodeHour * nodes", inputs: { usdPerNodeHour: perNode, nodes } },
      source,
    ),
    derived(
      "cost.usdPerMonth",
      { formula: `usdPerHour * ${HOURS_PER_MONTH}`, inputs: { usdPerHour } },
      source,
    ),
    derived(
      "cost.usdPerMillionOutputTokens",
      {
        formula: "usdPerHour / (requestRate * meanOutputTokens * 3600) * 10 ** 6",
        inputs: { usdPerHour, requestRate, meanOutputTokens },
      },
      source,
    ),
  ];
}

/** The chosen candidate's figures are the plan's own, its memory under another name. */
function asPlanFigure({ figure, ...entry }: Provenance<CandidateFigure>): readonly Provenance<PlanFigure>[] {
  if (figure === "tokensPerSecondPerUser" || figure === "costUsdPerMillionOutputTokens") return [];
  const own = figure.replace(/^memory\./, "memoryPerGpu.") as PlanFigure;
  return [{ ...entry, figure: own }];
}

/** Where each figure of the plan comes from, so that any can be followed to a formula and a source. */
export function provenanceOf(situation: Situation, plan: Unprovenanced): readonly Provenance<PlanFigure>[] {
  return [...provenanceOfCandidate(situation, plan.chosen).flatMap(asPlanFigure), ...cost(situation, plan)];
}
