import type { Plan } from "../strategy";
import { checkLabel, strategyLabel } from "../strategy";
import * as format from "./format-number";
import { growthText, type Overload, overloadOf, shortText } from "./overload";
import { storedAs } from "./stored-as";

/** A plan with the name that the comparison shows: the stack, or the strategy. */
export interface ComparedPlan {
  readonly name: string;
  readonly plan: Plan;
}

/** Which of two figures is the better one; what is no number is worse than any. */
interface Better {
  readonly is: "less" | "more";
  readonly of: (plan: Plan) => number | undefined;
}

interface ComparedRow {
  readonly group: string;
  readonly label: string;
  readonly text: (plan: Plan) => string;
  /** Absent where neither is better: what was asked, and what was chosen for it. */
  readonly better?: Better;
}

const row = (group: string, label: string, text: (plan: Plan) => string, better?: Better): ComparedRow => ({
  ...{ group, label, text },
  ...(better === undefined ? {} : { better }),
});

const less = (of: Better["of"]): Better => ({ is: "less", of });
const more = (of: Better["of"]): Better => ({ is: "more", of });

const latencyRow = (label: string, of: (plan: Plan) => number): ComparedRow =>
  row("Latency", label, latency(of), less(of));

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
  row(
    "Verdict",
    "Requirements that hold",
    (plan) => {
      const held = plan.checks.filter(({ pass }) => pass).length;
      return `${held === plan.checks.length ? "✓" : "✗"} ${held} of ${plan.checks.length}`;
    },
    less((plan) => plan.checks.filter(({ pass }) => !pass).length),
  ),
  row("Verdict", "Requirements that fail", (plan) => {
    const failing = plan.checks.filter(({ pass }) => !pass);
    return failing.length === 0 ? "none" : failing.map(({ id }) => checkLabel(id)).join(", ");
  }),
  latencyRow("Prefill p50", (plan) => plan.latency.prefill.p50Ms),
  latencyRow("Prefill p99", (plan) => plan.latency.prefill.p99Ms),
  latencyRow("First token p50", (plan) => plan.latency.firstToken.p50Ms),
  latencyRow("First token p99", (plan) => plan.latency.firstToken.p99Ms),
  latencyRow("Decode p50", (plan) => plan.latency.decode.p50Ms),
  latencyRow("Decode p99", (plan) => plan.latency.decode.p99Ms),
  row(
    "Throughput",
    "Sustainable rate",
    (plan) => `${format.significant(plan.throughput.sustainableRequestRate)}/s`,
    more((plan) => plan.throughput.sustainableRequestRate),
  ),
  row(
    "Throughput",
    "Highest rate at all",
    (plan) => `${format.significant(plan.throughput.saturatedRequestRate)}/s`,
    more((plan) => plan.throughput.saturatedRequestRate),
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
  row(
    "Throughput",
    "Speed per user",
    ({ chosen: { tokensPerSecondPerUser: speed } }) =>
      speed === undefined ? "-" : `${format.significant(speed)} tokens/s`,
    more(({ chosen }) => chosen.tokensPerSecondPerUser),
  ),
  row("Memory", "Weights per GPU", (plan) => format.bytes(plan.memoryPerGpu.weightsBytes)),
  row("Memory", "KV cache per replica", (plan) => `${format.count(plan.memoryPerGpu.kvCacheTokens)} tokens`),
  row("Memory", "Demand", (plan) => format.percent(plan.memoryPerGpu.demandFraction)),
  row("Load", "All-reduce share of a decode step", (plan) =>
    format.percent(plan.communication.decodeStepShare),
  ),
  row("Load", "GPU utilisation", (plan) => format.percent(plan.balance.gpuUtilization)),
  row("Load", "What bounds it", ({ chosen }) => chosen.bottleneck?.sentence ?? "-"),
  row(
    "Cost",
    "Per hour",
    (plan) => price(plan.cost.usdPerHour),
    less((plan) => plan.cost.usdPerHour),
  ),
  row(
    "Cost",
    "Per million output tokens",
    (plan) => (overloadOf(plan) === undefined ? price(plan.cost.usdPerMillionOutputTokens) : "overloaded"),
    less((plan) => (overloadOf(plan) === undefined ? plan.cost.usdPerMillionOutputTokens : undefined)),
  ),
];

const price = (value: number | undefined): string => (value === undefined ? "not known" : format.usd(value));

/** One quantity of all plans. */
export interface ComparedValues {
  readonly group: string;
  readonly label: string;
  readonly values: readonly string[];
  readonly differs: boolean;
  /** Name of the plan with the best value, and of the one with the worst, where one is better than the other. */
  readonly best?: string;
  readonly worst?: string;
}

/** Every quantity that is compared, in the order of the report. */
export function compared(plans: readonly ComparedPlan[]): readonly ComparedValues[] {
  return ROWS.map(({ group, label, text, better }) => {
    const values = plans.map(({ plan }) => text(plan));
    const differs = new Set(values).size > 1;
    return { group, label, values, differs, ...(differs && better ? extremesOf(plans, better) : {}) };
  });
}

/** The plans with the best and the worst figure; nothing where two share the best. */
function extremesOf(plans: readonly ComparedPlan[], { is, of }: Better): Partial<ComparedValues> {
  const figures = plans.map(({ name, plan }) => {
    const value = of(plan);
    const cost = value === undefined || !Number.isFinite(value) ? Number.POSITIVE_INFINITY : value;
    return { name, cost: is === "more" && Number.isFinite(cost) ? -cost : cost };
  });
  const [best, second] = [...figures].sort((a, b) => a.cost - b.cost);
  const worst = [...figures].sort((a, b) => b.cost - a.cost)[0];
  if (best === undefined || worst === undefined || best.cost === second?.cost) return {};
  return { best: best.name, worst: worst.name };
}
