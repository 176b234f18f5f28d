import { meanTokens } from "../config";
import type { StepBreakdown } from "../performance";
import { pinnedDegrees } from "./candidates/enumerate";
import type { Evaluation } from "./candidates/evaluation";
import { explainLosses, recommend } from "./choice/explain-choice";
import { deepFreeze } from "./deep-freeze";
import { price } from "./figures/price";
import { sameStrategy } from "./figures/strategy-label";
import { provenanceOf } from "./provenance/provenance";
import { bandSources, unknownLatency } from "./replica/band-latency";
import { divideModules } from "./replica/divide";
import { toCheck } from "./requirements/requirement";
import type { Situation } from "./situation";
import type { Balance, Communication, Plan, ServingParameters, Throughput } from "./types";

const NAN = Number.NaN;

const noStep: StepBreakdown = {
  gemmMs: NAN,
  attentionMs: NAN,
  allReduceMs: NAN,
  allToAllMs: NAN,
  pipelineTransferMs: NAN,
  elementwiseMs: NAN,
  logitsMs: NAN,
  hostMs: NAN,
  totalMs: NAN,
};

const noBalance: Balance = { memoryEpsilon: NAN, computeEpsilon: NAN, gpuUtilization: NAN, bubbleShare: NAN };

/** Figures of a strategy that cannot run: its limits are known, what it would do is not. */
function noThroughput(situation: Situation, serving: ServingParameters): Throughput {
  return {
    maxBatchSize: NAN,
    maxConcurrentSequences: serving.maxNumSeqs,
    maxBatchedTokens: serving.maxNumBatchedTokens,
    requestRate: situation.deployment.workload.requestRate,
    sustainableRequestRate: 0,
    highestRequestRate: 0,
    saturatedRequestRate: 0,
    outputTokensPerSecond: 0,
    outputTokensPerSecondPerGpu: 0,
  };
}

const noCommunication: Communication = {
  allReduceBytesPerTokenPerLayer: NAN,
  bytesPerDecodeStepPerGpu: NAN,
  decodeStepShare: NAN,
  prefillShare: NAN,
  nvlinkUtilization: NAN,
};

/** Puts the plan together from the evaluations and the choice among them. */
export function assemblePlan(
  situation: Situation,
  evaluations: readonly Evaluation[],
  choice: { readonly chosen: Evaluation; readonly recommended: Evaluation },
): Plan {
  const { deployment, model, hardware } = situation;
  const { chosen, recommended } = choice;
  const { objective } = deployment.strategy;
  const candidates = explainLosses(evaluations, recommended, objective);
  const winner =
    candidates.find((c) => sameStrategy(c.strategy, chosen.candidate.strategy)) ?? chosen.candidate;
  const { strategy, serving, memory } = winner;
  const throughput = winner.throughput ?? noThroughput(situation, serving);
  // What is asked for and served, whatever came in a simulated window.
  const tokensPerSecond = throughput.requestRate * meanTokens(deployment.workload.outputTokens);
  const plan: Omit<Plan, "provenance"> = {
    schemaVersion: 1,
    deployment,
    model,
    ...(situation.draft ? { draft: situation.draft } : {}),
    gpu: hardware.gpu,
    instance: hardware.instance,
    objective,
    strategy,
    pinned: Object.keys(pinnedDegrees(deployment)).length === 5,
    recommendation: {
      strategy: recommended.candidate.strategy,
      sentence: recommend(chosen, recommended, { deployment, count: candidates.length }),
    },
    candidates,
    chosen: winner,
    moduleDivision: divideModules(model, strategy, hardware.instance.gpus),
    memoryPerGpu: memory,
    latency: winner.latency ?? unknownLatency,
    ...(winner.seen ? { bandSources: bandSources(winner.seen.regime) } : {}),
    throughput,
    communication: winner.communication ?? noCommunication,
    balance: winner.balance ?? noBalance,
    checks: chosen.requirements.map(toCheck),
    violations: winner.violations,
    // A queue that grows has no price per token.
    cost: price(situation, winner.latency ? tokensPerSecond : 0),
    serving: { ...serving, executor: deployment.serving.executor },
    steps: { decode: winner.steps?.decode ?? noStep, prefill: winner.steps?.prefill ?? noStep },
    chunks: chosen.tuned?.chunks ?? [],
    simulation: chosen.result,
  };
  return deepFreeze({ ...plan, provenance: provenanceOf(situation, plan) });
}
