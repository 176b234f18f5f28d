import type { Plan } from "../strategy";
import { strategyLabel } from "../strategy";
import * as format from "./format-number";
import { growthText, type Overload, overloadOf, shortText } from "./overload";
import { storedAs } from "./stored-as";

/** A plan with the name that the comparison shows: the stack, or the strategy. */
export interface ComparedPlan {
  readonly name: string;
  readonly plan: Plan;
}

interface ComparedRow {
  readonly group: string;
  readonly label: string;
  readonly text: (plan: Plan) => string;
}

const row = (group: string, label: string, text: (plan: Plan) => string): ComparedRow => ({
  group,
  label,
  text,
});

/** A latency; the word for what keeps the plan from having one. */
const latency = (of: (plan: Plan) => number) => (plan: Plan) => {
  const ms = of(plan);
  if (Number.isFinite(ms)) return format.milliseconds(ms);
  return overloadOf(plan) === undefined ? "cannot run" : "overloaded";
};

const overload = (text: (of: Overload) => string) => (plan: Plan) => {
  const of = overloadOf(plan);
  return of === undefined ? "-" : text(of);
};

const ROWS: readonly ComparedRow[] = [
  row("What is planned", "Model", (plan) => plan.model.name),
  row("What is planned", "Hosts", (plan) => `${plan.deployment.hardware.nodes} x ${plan.instance.name}`),
  row("What is planned", "Precision", storedAs),
  row("What is planned", "Strategy", (plan) => strategyLabel(plan.strategy)),
  row("What is planned", "GPUs used", (plan) => format.count(plan.strategy.gpus)),
  row("What is planned", "Request rate", (plan) => `${format.plain(plan.throughput.requestRate)}/s`),
  row("What is planned", "Most tokens in one step", (plan) => format.count(plan.serving.maxNumBatchedTokens)),
  row("What is planned", "Most sequences at once", (plan) => format.count(plan.serving.maxNumSeqs)),
  row("Verdict", "What the planner would choose", ({ recommendation }) =>
    strategyLabel(recommendation.strategy),
  ),
  row("Verdict", "Requirements that hold", (plan) => {
    const held = plan.checks.filter(({ pass }) => pass).length;
    return `${held === plan.checks.length ? "✓" : "✗"} ${held} of ${plan.checks.length}`;
  }),
  row("Verdict", "Requirements that fail", (plan) => {
    const failing = plan.checks.filter(({ pass }) => !pass);
    return failing.length === 0 ? "none" : failing.map(({ id }) => id).join(", ");
  }),
  row(
    "Latency",
    "Prefill p50",
    latency((plan) => plan.latency.prefill.p50Ms),
  ),
  row(
    "Latency",
    "Prefill p99",
    latency((plan) => plan.latency.prefill.p99Ms),
  ),
  row(
    "Latency",
    "First token p50",
    latency((plan) => plan.latency.firstToken.p50Ms),
  ),
  row(
    "Latency",
    "First token p99",
    latency((plan) => plan.latency.firstToken.p99Ms),
  ),
  row(
    "Latency",
    "Decode p50",
    latency((plan) => plan.latency.decode.p50Ms),
  ),
  row(
    "Latency",
    "Decode p99",
    latency((plan) => plan.latency.decode.p99Ms),
  ),
  row(
    "Throughput",
    "Sustainable rate",
    (plan) => `${format.significant(plan.throughput.sustainableRequestRate)}/s`,
  ),
  row(
    "Throughput",
    "Highest rate at all",
    (plan) => `${format.significant(plan.throughput.saturatedRequestRate)}/s`,
  ),
  row(
    "Throughput",
    "Short of the requested rate by",
    overload((of) => `${shortText(of)}/s`),
  ),
  row(
    "Throughput",
    "The queue grows by",
    overload((of) => `${growthText(of)}/min`),
  ),
  row(
    "Throughput",
    "Output per GPU",
    (plan) => `${format.significant(plan.throughput.outputTokensPerSecondPerGpu)} tokens/s`,
  ),
  row("Throughput", "Speed per user", ({ chosen: { tokensPerSecondPerUser: speed } }) =>
    speed === undefined ? "-" : `${format.significant(speed)} tokens/s`,
  ),
  row("Memory", "Weights per GPU", (plan) => format.bytes(plan.memoryPerGpu.weightsBytes)),
  row("Memory", "KV cache per replica", (plan) => `${format.count(plan.memoryPerGpu.kvCacheTokens)} tokens`),
  row("Memory", "Demand", (plan) => format.percent(plan.memoryPerGpu.demandFraction)),
  row("Load", "All-reduce share of a decode step", (plan) =>
    format.percent(plan.communication.decodeStepShare),
  ),
  row("Load", "GPU utilisation", (plan) => format.percent(plan.balance.gpuUtilization)),
  row("Load", "What bounds it", ({ chosen }) => chosen.bottleneck?.sentence ?? "-"),
  row("Cost", "Per hour", (plan) => price(plan.cost.usdPerHour)),
  row("Cost", "Per million output tokens", (plan) =>
    overloadOf(plan) === undefined ? price(plan.cost.usdPerMillionOutputTokens) : "overloaded",
  ),
];

const price = (value: number | undefined): string => (value === undefined ? "not known" : format.usd(value));

/** One quantity of all plans. */
export interface ComparedValues {
  readonly group: string;
  readonly label: string;
  readonly values: readonly string[];
  readonly differs: boolean;
}

/** Every quantity that is compared, in the order of the report. */
export function compared(plans: readonly ComparedPlan[]): readonly ComparedValues[] {
  return ROWS.map(({ group, label, text }) => {
    const values = plans.map(({ plan }) => text(plan));
    return { group, label, values, differs: new Set(values).size > 1 };
  });
}
