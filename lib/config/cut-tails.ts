import { endTokens, shortestEndTokens } from "./lengths";
import type { Deployment, LengthDistribution } from "./schema";

/**
 * Raises lognormal prompts to the cached prefix and a token of their own, and cuts the tails of lognormal lengths so that prompt and output together fit into `envelope.maxModelLen`
 * (vLLM refuses longer requests). The output keeps its tail first, the prompt gets what is left.
 * Expects a deployment whose medians fit. Lengths in tokens.
 */
export function cutTails(deployment: Deployment): Deployment {
  const { workload, envelope } = deployment;
  const { outputTokens } = workload;
  const promptTokens = raised(workload.promptTokens, workload.cachedPrefixTokens);
  const output = cut(outputTokens, envelope.maxModelLen - shortestEndTokens(promptTokens));
  const prompt = cut(promptTokens, envelope.maxModelLen - endTokens(output));
  if (output === outputTokens && prompt === workload.promptTokens) return deployment;
  return { ...deployment, workload: { ...workload, promptTokens: prompt, outputTokens: output } };
}

function raised(lengths: LengthDistribution, prefixTokens: number): LengthDistribution {
  if (lengths.kind !== "lognormal" || lengths.min !== undefined || prefixTokens === 0) return lengths;
  return { ...lengths, min: prefixTokens + 1 };
}

function cut(lengths: LengthDistribution, mostTokens: number): LengthDistribution {
  if (lengths.kind !== "lognormal" || endTokens(lengths) <= mostTokens) return lengths;
  return { ...lengths, max: mostTokens };
}
