import type { BandedLatency, Plan, PlanLatency } from "../../strategy";
import { strategyLabel } from "../../strategy";
import { band, marginWithUnit, milliseconds } from "../format-number";
import type { Claim } from "./claim";
import { hardwareClaims } from "./hardware-claims";
import { latencyClaims } from "./latency-claims";
import { loadClaims } from "./load-claims";
import { memoryClaims } from "./memory-claims";
import { strategyClaims } from "./strategy-claims";

/** All figures of the reference document that are held against the plan. */
export const claims: readonly Claim[] = [
  ...latencyClaims,
  ...memoryClaims,
  ...loadClaims,
  ...hardwareClaims,
  ...strategyClaims,
];

/**
 * docs/claims.md: the reference document's figures beside what the plan computes and what was published, with a
 * verdict and the reason; then its targets, met or not. Made from the plan of the `prod` stack.
 */
export function claimsPage(plan: Plan): string {
  return `${[
    "# The reference document's figures, checked",
    `Made by \`npx tsx scripts/write-claims.ts\` from the \`prod\` plan (${plan.model.name}, ${strategyLabel(plan.strategy)} on ${plan.instance.name}); do not edit. A test fails when it is stale.`,
    "Computed values are medians or percentiles with their 80 % band. Published values come from others' measurements, on the conditions named; none is of this exact deployment. Measured values of your own deployment come with `pulumi up`.",
    "## Figures",
    claimTable(plan),
    "## Why",
    claims.map((claim) => `- **${claim.figure}** (${claim.claimed}): ${claim.reason(plan)}`).join("\n"),
    "## Targets",
    verdictOfTargets(plan),
    targetTable(plan),
    otherTargets(plan),
  ].join("\n\n")}\n`;
}

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function claimTable(plan: Plan): string {
  return [
    line(["figure", "document", "computed", "published measurement", "verdict"]),
    line(["---", "---", "---", "---", "---"]),
    ...claims.map(({ figure, claimed, computed, published, verdict }) =>
      line([figure, claimed, computed(plan), published, `**${verdict(plan)}**`]),
    ),
  ].join("\n");
}

function verdictOfTargets({ checks }: Plan): string {
  const failed = checks.filter(({ pass }) => !pass);
  return failed.length === 0
    ? `**The plan meets all of them**, though not with the document's figures: ${checks.length} of ${checks.length} requirements hold.`
    : `**The plan misses ${failed.length} of ${checks.length}**: ${failed.map(({ requirement }) => requirement).join("; ")}.`;
}

const QUANTITIES: readonly (readonly [keyof PlanLatency, string])[] = [
  ["prefill", "Prefill"],
  ["decode", "Decode"],
  ["firstToken", "First token"],
];

function targetTable(plan: Plan): string {
  const rows = QUANTITIES.flatMap(([quantity, label]) => {
    const target = plan.deployment.slo[quantity];
    const latency = plan.latency[quantity];
    return [
      targetRow(`${label} p50`, target.p50Ms, p50(latency)),
      targetRow(`${label} p99`, target.p99Ms, p99(latency)),
    ];
  });
  return [
    line(["target", "at most", "computed", "80 % band", "margin", ""]),
    line(["---", "---:", "---:", "---:", "---:", "---"]),
    ...rows,
  ].join("\n");
}

type Edges = readonly [ms: number, low: number, high: number];

const p50 = (latency: BandedLatency): Edges => [latency.p50Ms, latency.p50LowMs, latency.p50HighMs];
const p99 = (latency: BandedLatency): Edges => [latency.p99Ms, latency.p99LowMs, latency.p99HighMs];

function targetRow(label: string, target: number, [ms, low, high]: Edges): string {
  const verdict = ms > target ? "not met" : high > target ? "met, the band crosses the target" : "met";
  return line([
    label,
    milliseconds(target),
    milliseconds(ms),
    band(low, high, milliseconds),
    marginWithUnit(target - ms, "ms"),
    verdict,
  ]);
}

/** The document's other limits, in the words of the plan's own checks. */
function otherTargets({ checks }: Plan): string {
  const latencies = /^(prefill|decode|first-token)-/;
  return checks
    .filter(({ id }) => !latencies.test(id))
    .map(({ requirement, pass }) => `- ${pass ? "met" : "not met"}: ${requirement}`)
    .join("\n");
}
