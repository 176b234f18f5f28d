import type { Deployment, LengthDistribution } from "./schema";

/** Standard normal quantile of 0.999: where a tail without a stated end is cut. */
const Z_999 = 3.0902;

/**
 * Cuts the tails of lognormal lengths so that prompt and output together fit into `envelope.maxModelLen`
 * (vLLM refuses longer requests). The output keeps its tail first, the prompt gets what is left.
 * Expects a deployment whose medians fit. Lengths in tokens.
 */
export function cutTails(deployment: Deployment): Deployment {
  const { workload, envelope } = deployment;
  const { promptTokens, outputTokens } = workload;
  const output = cut(outputTokens, envelope.maxModelLen - typicalTokens(promptTokens));
  const prompt = cut(promptTokens, envelope.maxModelLen - endTokens(output));
  if (output === outputTokens && prompt === promptTokens) return deployment;
  return { ...deployment, workload: { ...workload, promptTokens: prompt, outputTokens: output } };
}

function cut(lengths: LengthDistribution, mostTokens: number): LengthDistribution {
  if (lengths.kind !== "lognormal" || endTokens(lengths) <= mostTokens) return lengths;
  return { ...lengths, max: mostTokens };
}

/** Shortest end that a length can be cut to: a lognormal is not cut below its median. */
function typicalTokens(lengths: LengthDistribution): number {
  return lengths.kind === "lognormal" ? Math.ceil(lengths.median) : endTokens(lengths);
}

/** Longest draw; for a lognormal without `max` its 99.9th percentile, median * exp(sigma z) with sigma = sqrt(2 ln(mean / median)). */
function endTokens(lengths: LengthDistribution): number {
  switch (lengths.kind) {
    case "fixed":
      return lengths.tokens;
    case "uniform":
      return lengths.max;
    case "empirical":
      return Math.ceil(Math.max(...lengths.quantiles));
    case "lognormal":
      return (
        lengths.max ??
        Math.ceil(lengths.median * Math.exp(Z_999 * Math.sqrt(2 * Math.log(lengths.mean / lengths.median))))
      );
  }
}
