import { parseDeployment, UserError } from "../../lib/config";
import { memoryPerGpu } from "../../lib/performance";
import { expertBufferBytes } from "../../lib/performance/memory/expert-buffer";
import { stageShards } from "../../lib/performance/memory/memory-per-gpu";
import { vllmArguments } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { assemblePlan } from "../../lib/strategy/assemble-plan";
import { enumerateStrategies, matchesPins } from "../../lib/strategy/candidates/enumerate";
import { evaluateCandidate } from "../../lib/strategy/candidates/evaluate-candidate";
import { settleChoice } from "../../lib/strategy/choice/settle-choice";
import { memoryInput } from "../../lib/strategy/replica/fit-memory";
import { readSituation, type Situation } from "../../lib/strategy/situation";
import type { Question } from "./ask";
import type { PlanQuestion } from "./plan-questions";

/** A plan as vLLM is asked about it. */
export interface JudgedPlan {
  readonly question: Question;
  /** Requirements that the plan violates. */
  readonly violated: readonly string[];
  /** Bytes of weights that the plan counts on the first rank of each stage of the question. */
  readonly planned: readonly number[];
}

/** A deployment that the planner refuses before it plans, and why. */
export interface RefusedDeployment {
  readonly name: string;
  readonly reason: string;
}

function judged(name: string, situation: Situation, planned: Plan): JudgedPlan {
  const { model, strategy, gpu, instance, deployment } = planned;
  const stages = [...new Set([0, strategy.pipelineParallel - 1])];
  // vLLM's class is weighed without drafter, adapters and room for moved experts: they are no part of it.
  const { draft: _, adapters: __, ...input } = memoryInput(situation, strategy, planned.serving);
  const weights = (stage: number) =>
    memoryPerGpu(input, stage).weightsBytes - expertBufferBytes(input, stageShards(input, stage));
  return {
    question: {
      name,
      model: model.name,
      gpu: gpu.name,
      nodes: deployment.hardware.nodes,
      gpusPerNode: instance.gpus,
      // vLLM gets the folder of the files instead of the host's.
      arguments: vllmArguments(planned).slice(1),
      stages,
    },
    violated: planned.violations.map(({ check }) => check),
    planned: stages.map(weights),
  };
}

/** As `plan`, but only what the deployment pins is evaluated: nobody asks what the planner would have chosen. */
function planAsPinned(situation: Situation): Plan {
  const strategies = enumerateStrategies(situation).filter((one) => matchesPins(one, situation.deployment));
  const evaluations = strategies.map((strategy) => evaluateCandidate(situation, strategy));
  const { settled, choice } = settleChoice(situation, evaluations);
  return assemblePlan(situation, settled, choice);
}

/** Plans a deployment, or says why the planner refuses it. */
export function makePlan({ name, input, config }: PlanQuestion): JudgedPlan | RefusedDeployment {
  try {
    const options = config === undefined ? {} : { modelConfig: config };
    const situation = readSituation(parseDeployment(input), options);
    return judged(name, situation, planAsPinned(situation));
  } catch (error) {
    if (error instanceof UserError) return { name, reason: error.message };
    throw error;
  }
}
