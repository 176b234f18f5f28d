import { meanTokens } from "../../config";
import { priceSource, usdPerHour } from "../figures/price";
import type { Situation } from "../situation";
import { situationOf } from "../situation";
import type { Candidate, CandidateFigure, Plan, Provenance } from "../types";
import { balanceProvenance } from "./balance-provenance";
import { communicationProvenance } from "./communication-provenance";
import { derived, SIMULATION_SOURCE } from "./entry";
import { latencyProvenance, throughputProvenance } from "./load-provenance";
import { memoryProvenance } from "./memory-provenance";

/** What a strategy makes of its figures beyond those that a plan shows of the chosen one. */
function comparedFigures(situation: Situation, candidate: Candidate): readonly Provenance<CandidateFigure>[] {
  const { seen, throughput } = candidate;
  const hourly = usdPerHour(situation);
  const speed =
    seen === undefined
      ? []
      : [
          derived(
            "tokensPerSecondPerUser",
            {
              formula: "1000 / timePerOutputTokenMs",
              inputs: { timePerOutputTokenMs: seen.timePerOutputTokenMs },
            },
            SIMULATION_SOURCE,
          ),
        ];
  if (hourly === undefined || throughput === undefined) return speed;
  return [
    ...speed,
    derived(
      "costUsdPerMillionOutputTokens",
      {
        formula: "usdPerHour / (highestRequestRate * meanOutputTokens * 3600) * 10 ** 6",
        inputs: {
          usdPerHour: hourly,
          highestRequestRate: throughput.highestRequestRate,
          meanOutputTokens: meanTokens(situation.deployment.workload.outputTokens),
        },
      },
      priceSource(situation),
    ),
  ];
}

/** Where each figure of a strategy comes from, chosen or not. */
export function provenanceOfCandidate(
  situation: Situation,
  candidate: Candidate,
): readonly Provenance<CandidateFigure>[] {
  return [
    ...memoryProvenance(situation, candidate),
    ...latencyProvenance(situation, candidate),
    ...throughputProvenance(situation, candidate),
    ...communicationProvenance(situation, candidate),
    ...balanceProvenance(situation, candidate),
    ...comparedFigures(situation, candidate),
  ];
}

/** The same for a candidate of a finished plan. */
export function candidateProvenance(
  { deployment, model, draft }: Plan,
  candidate: Candidate,
): readonly Provenance<CandidateFigure>[] {
  return provenanceOfCandidate(situationOf(deployment, model, draft), candidate);
}
