import { endTokens, shortestEndTokens } from "./lengths";
import type { Deployment, LengthDistribution } from "./schema";

/**
 * Cuts the tails of lognormal lengths so that prompt and output together fit into `envelope.maxModelLen`
 * (vLLM refuses longer requests). The output keeps its tail first, the prompt gets what is left.
 * Expects a deployment whose medians fit. Lengths in tokens.
 */
export function cutTails(deployment: Deployment): Deployment {
  const { workload, envelope } = deployment;
  const { promptTokens, outputTokens } = workload;
  const output = cut(outputTokens, envelope.maxModelLen - shortestEndTokens(promptTokens));
  const prompt = cut(promptTokens, envelope.maxModelLen - endTokens(output));
  if (output === outputTokens && prompt === promptTokens) return deployment;
  return { ...deployment, workload: { ...workload, promptTokens: prompt, outputTokens: output } };
}

function cut(lengths: LengthDistribution, mostTokens: number): LengthDistribution {
  if (lengths.kind !== "lognormal" || endTokens(lengths) <= mostTokens) return lengths;
  return { ...lengths, max: mostTokens };
}
