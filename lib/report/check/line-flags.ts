import type { ServeLine } from "../../serving";
import { type Fit, type Plan, stepsTogether } from "../../strategy";

/** What vLLM takes of itself for flags that a line leaves out, as flags. */
export function defaultFlags(
  { flags }: Pick<ServeLine, "flags">,
  { serving, deployment, gpu }: Fit,
): string[] {
  const values: readonly (readonly [string, string])[] = [
    ["max-model-len", `${serving.maxModelLen}`],
    ["gpu-memory-utilization", `${serving.gpuMemoryUtilization}`],
    ["max-num-seqs", `${serving.maxNumSeqs}`],
    ["max-num-batched-tokens", `${serving.maxNumBatchedTokens}`],
    ...(gpu.kind === "cpu" || serving.cudaGraphs.largestTokens === 0
      ? []
      : [["max-cudagraph-capture-size", `${serving.cudaGraphs.largestTokens}`] as const]),
  ];
  const caching = deployment.serving.prefixCaching ? "--enable-prefix-caching" : "--no-enable-prefix-caching";
  return [
    ...values.filter(([name]) => !flags.has(name)).map(([name, value]) => `--${name} ${value}`),
    ...(flags.has("enable-prefix-caching") ? [] : [caching]),
  ];
}

/**
 * Servers of which a plan's replicas have to be one each: a mixture of experts shares its experts in one engine, whatever its
 * flags. 1 where one `vllm serve` does the same.
 */
export function ownServers(plan: Plan): number {
  const isOneEngine = plan.model.experts === undefined || stepsTogether(plan, plan.strategy);
  return isOneEngine ? 1 : plan.strategy.dataParallel;
}

/** Flags with which each server of a plan differs from a line. */
export function changedFlags(line: Plan, planned: Plan): string[] {
  const replicas = (plan: Plan) => plan.strategy.dataParallel / ownServers(plan);
  const of = (plan: Plan, { strategy, serving } = plan) =>
    new Map<string, number>([
      ["tensor-parallel-size", strategy.tensorParallel],
      ["pipeline-parallel-size", strategy.pipelineParallel],
      ["data-parallel-size", replicas(plan)],
      ["max-num-batched-tokens", serving.maxNumBatchedTokens],
      ["max-num-seqs", serving.maxNumSeqs],
      ["max-cudagraph-capture-size", serving.cudaGraphs.largestTokens],
    ]);
  const before = of(line);
  const changed = [...of(planned)].filter(([name, value]) => before.get(name) !== value);
  const spreads = (plan: Plan) => plan.strategy.expertParallel > 1;
  return [
    ...changed.map(([name, value]) => `--${name} ${value}`),
    ...(spreads(planned) && !spreads(line) ? ["--enable-expert-parallel"] : []),
    ...(line.deployment.serving.enforceEager ? ["--no-enforce-eager"] : []),
    ...(spreads(line) && !spreads(planned) ? ["--no-enable-expert-parallel"] : []),
  ];
}
