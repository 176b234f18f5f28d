import type { Plan, Strategy } from "../../strategy";
import { sameStrategy, strategyLabel } from "../../strategy";
import { count, percent } from "../format-number";
import type { Block, Fact, Section } from "../report-document";
import { fact } from "./fact";

/** The five degrees, who chose them, and the scheduler's limits. */
export function strategySection(plan: Plan): Section {
  const { strategy, serving } = plan;
  const { decodeContextParallel: shared, eplb } = plan.deployment.serving;
  const degree = (label: string, value: number, figure: keyof Strategy, note?: string): Fact =>
    fact(label, count(value), `strategy.${figure}`, note === undefined ? {} : { note });
  const facts: readonly Fact[] = [
    degree("Tensor parallelism (TP)", strategy.tensorParallel, "tensorParallel"),
    degree("Pipeline parallelism (PP)", strategy.pipelineParallel, "pipelineParallel"),
    degree("Data parallelism (DP)", strategy.dataParallel, "dataParallel"),
    degree("Expert parallelism (EP)", strategy.expertParallel, "expertParallel", expertNote(plan)),
    degree("Sequence parallelism (SP)", strategy.sequenceParallel, "sequenceParallel"),
    ...(shared > 1
      ? [
          fact("Ranks that share the KV cache", count(shared), undefined, {
            note: "derived, not measured, so bands are the widest",
          }),
        ]
      : []),
    ...(eplb.enabled && strategy.expertParallel > 1
      ? [
          fact("Experts balanced (EPLB)", `${count(eplb.redundantExperts)} copies in a layer`, undefined, {
            note: `mean load of the ranks over the largest: ${percent(eplb.balance)}, as serving.eplb says; bands are the widest`,
          }),
        ]
      : []),
    degree("GPUs used (TP x PP x DP)", strategy.gpus, "gpus"),
    fact("Most sequences at once, per replica", count(serving.maxNumSeqs), "serving.maxNumSeqs"),
    fact("Most tokens in one step", count(serving.maxNumBatchedTokens), "serving.maxNumBatchedTokens"),
    fact(
      "Share of GPU memory for vLLM",
      percent(serving.gpuMemoryUtilization),
      "serving.gpuMemoryUtilization",
    ),
    fact("Executor", serving.executor === "ray" ? "Ray" : "multiprocessing"),
  ];
  return { id: "strategy", title: "Parallel strategy", blocks: [choice(plan), { kind: "facts", facts }] };
}

const expertNote = (plan: Plan): string | undefined =>
  plan.model.experts === undefined ? "a dense model has no experts to spread" : undefined;

function choice(plan: Plan): Block {
  const chosen = strategyLabel(plan.strategy);
  const { strategy } = plan.recommendation;
  const sentence = capitalised(plan.recommendation.sentence);
  if (!plan.pinned) return { kind: "text", text: `${chosen}, chosen for ${plan.objective}. ${sentence}.` };
  const own = sameStrategy(strategy, plan.strategy)
    ? "The planner would choose the same by itself."
    : `The planner would choose ${strategyLabel(strategy)} by itself.`;
  return { kind: "text", text: `${chosen}, pinned by the config. ${own} ${sentence}.` };
}

const capitalised = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);
