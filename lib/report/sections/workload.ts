import type { LengthDistribution } from "../../config";
import type { Plan } from "../../strategy";
import { count, rateText } from "../format-number";
import type { Fact, Section } from "../report-document";
import { fact } from "./fact";

/** The traffic that the latencies hold for: without it no latency means anything. */
export function workloadSection(plan: Plan): Section {
  const { workload } = plan.deployment;
  const facts: readonly Fact[] = [
    fact("Arrivals", arrivals(workload), "workload.requestRate"),
    fact("Prompt", lengths(workload.promptTokens)),
    fact("Output", lengths(workload.outputTokens)),
    fact("Cached prefix", `${count(workload.cachedPrefixTokens)} tokens`, "workload.cachedPrefixTokens"),
    fact(
      "Simulated for this plan",
      `${count(plan.chosen.simulatedRequests ?? workload.simulatedRequests)} requests, seed ${workload.seed}; for other strategies fewer where they are dear`,
      "workload.simulatedRequests",
    ),
  ];
  return { id: "workload", title: "Workload", blocks: [{ kind: "facts", facts }] };
}

type Workload = Plan["deployment"]["workload"];

function arrivals(workload: Workload): string {
  if (workload.arrivals === "closed") return `${count(workload.concurrency)} requests always in flight`;
  if (workload.arrivals === "offline") return `${count(workload.simulatedRequests)} requests at once`;
  return `${rateText(workload.requestRate)}, ${workload.arrivals}`;
}

function lengths(tokens: LengthDistribution): string {
  switch (tokens.kind) {
    case "fixed":
      return `${count(tokens.tokens)} tokens each`;
    case "uniform":
      return `${count(tokens.min)} to ${count(tokens.max)} tokens, uniform`;
    case "lognormal": {
      const raised = tokens.min === undefined ? "" : `, at least ${count(tokens.min)}`;
      const cut = tokens.max === undefined ? "" : `, at most ${count(tokens.max)}`;
      return `median ${count(tokens.median)}, mean ${count(tokens.mean)} tokens (lognormal${raised}${cut})`;
    }
    case "empirical": {
      const [first = 0, last = 0] = [tokens.quantiles[0], tokens.quantiles.at(-1)];
      return `${count(first)} to ${count(last)} tokens, by ${tokens.quantiles.length} quantiles`;
    }
  }
}
