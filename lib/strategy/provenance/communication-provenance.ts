import { type Derivation, type StepBreakdown, sentBytesDerivation } from "../../performance";
import { communicationInput, tokensPerSecondOf } from "../replica/communicate";
import type { Situation } from "../situation";
import type { Candidate, CandidateFigure, Provenance } from "../types";
import { derived, SIMULATION_SOURCE } from "./entry";

const share = ({ allReduceMs, allToAllMs, pipelineTransferMs, totalMs }: StepBreakdown): Derivation => ({
  formula: "(allReduceMs + allToAllMs + pipelineTransferMs) / totalMs",
  inputs: { allReduceMs, allToAllMs, pipelineTransferMs, totalMs },
});

/** `tokens` of a formula in other words. */
function ofTokens({ formula, inputs }: Derivation, words: string, values: Derivation["inputs"]): Derivation {
  const { tokens: _, ...others } = inputs;
  return { formula: formula.replace(/\btokens\b/, words), inputs: { ...values, ...others } };
}

/** Where bytes and shares of communication come from; nothing where nothing was simulated. */
export function communicationProvenance(
  situation: Situation,
  candidate: Candidate,
): readonly Provenance<CandidateFigure>[] {
  const { strategy, communication, steps, throughput } = candidate;
  if (communication === undefined || steps === undefined || throughput === undefined) return [];
  const { model, hardware } = situation;
  const shape = model.provenance.source;
  const { hiddenSize } = model;
  const { tensorParallel } = strategy;
  const sequences = steps.decodeSequences;
  const input = communicationInput(situation, strategy);
  const sent = sentBytesDerivation(input, sequences);
  const decoding = sentBytesDerivation({ ...input, decodes: true }, sequences);
  const load = tokensPerSecondOf(situation, strategy, throughput);
  const perSecond = ofTokens(sent, `(${load.formula})`, load.inputs);
  const nvlinkBytesPerSecond = hardware.gpu.nvlinkBytesPerSecond;
  return [
    derived(
      "communication.allReduceBytesPerTokenPerLayer",
      { formula: "(tensorParallel > 1 ? 2 * hiddenSize * 2 : 0)", inputs: { hiddenSize, tensorParallel } },
      shape,
    ),
    derived(
      "communication.bytesPerDecodeStepPerGpu",
      ofTokens(decoding, "sequencesOfStep", { sequencesOfStep: sequences }),
      shape,
    ),
    derived("communication.decodeStepShare", share(steps.decode), SIMULATION_SOURCE),
    derived("communication.prefillShare", share(steps.prefill), SIMULATION_SOURCE),
    derived(
      "communication.nvlinkUtilization",
      nvlinkBytesPerSecond === undefined
        ? { formula: "0", inputs: {} }
        : {
            formula: `${perSecond.formula} / nvlinkBytesPerSecond`,
            inputs: { ...perSecond.inputs, nvlinkBytesPerSecond },
          },
      hardware.gpu.provenance.source,
    ),
  ];
}
