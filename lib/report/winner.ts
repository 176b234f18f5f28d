import { meanTokens } from "../config";
import type { Plan } from "../strategy";
import type { ComparedPlan } from "./compared-rows";
import { rateText, significant, usd } from "./format-number";
import type { Cell } from "./report-document";
import { cell } from "./sections/fact";

/** Differences below this are within the search's own error, as in the planner's choice. */
const WORTH_IT = 0.03;

/** What an objective minimises, and how it is told. */
interface Measure {
  readonly of: (plan: Plan) => number | undefined;
  readonly text: (value: number) => string;
  /** What the figure is of; said once. */
  readonly what: string;
  /** What stands between a plan's name and the text. */
  readonly verb: string;
}

const rate: Measure = {
  of: ({ throughput }) => (throughput.highestRequestRate > 0 ? 1 / throughput.highestRequestRate : undefined),
  text: (value) => rateText(1 / value),
  what: "within the targets",
  verb: "serves",
};
const price: Measure = {
  of: ({ chosen }) => chosen.costUsdPerMillionOutputTokens,
  text: (value) => `${usd(value)}`,
  what: "for a million output tokens at the highest rate",
  verb: "takes",
};
/** First token and all gaps of a request of mean length, by the medians; not for a plan that is overloaded. */
const time: Measure = {
  of: ({ latency: { firstToken, decode }, deployment: { workload } }) =>
    firstToken.p50Ms + (meanTokens(workload.outputTokens) - 1) * decode.p50Ms,
  text: (value) => `${significant(value / 1000)} s`,
  what: "for a request of mean length",
  verb: "takes",
};

const MEASURES: Readonly<Record<Plan["deployment"]["strategy"]["objective"], readonly Measure[]>> = {
  latency: [time],
  throughput: [rate],
  goodput: [price, rate],
  cost: [price, rate],
};

/** The first measure of the first plan's objective that all of these plans have. */
function measureOf(plans: readonly ComparedPlan[]): Measure | undefined {
  const objective = plans[0]?.plan.deployment.strategy.objective ?? "goodput";
  return MEASURES[objective].find(({ of }) => plans.every(({ plan }) => Number.isFinite(of(plan))));
}

const passes = ({ plan }: ComparedPlan): boolean => plan.checks.every(({ pass }) => pass);

/** The best plan by the objective of the first, of those that meet every requirement; undefined where none does, or two are alike. */
export function winnerOf(plans: readonly ComparedPlan[]): ComparedPlan | undefined {
  const passing = plans.filter(passes);
  if (passing.length < 2) return passing[0];
  const measure = measureOf(passing);
  const score = ({ plan }: ComparedPlan) => measure?.of(plan) ?? Number.POSITIVE_INFINITY;
  const [best, second] = [...passing].sort((a, b) => score(a) - score(b));
  if (best === undefined || second === undefined || measure === undefined) return undefined;
  return score(best) * (1 + WORTH_IT) < score(second) ? best : undefined;
}

/** Who wins and by what, in one sentence. */
export function winner(plans: readonly ComparedPlan[]): Cell {
  const passing = plans.filter(passes);
  const best = winnerOf(plans);
  const objective = plans[0]?.plan.deployment.strategy.objective ?? "goodput";
  if (passing.length === 0) return cell("✗ None of them meets every requirement.", "bad");
  if (best !== undefined && passing.length === 1)
    return cell(`✓ ${best.name} wins, because it alone meets every requirement.`, "good");
  const measure = measureOf(passing);
  if (measure === undefined) return cell("They have no figure in common that the objective goes by.");
  const told = ({ plan }: ComparedPlan) => measure.text(measure.of(plan) ?? Number.NaN);
  if (best === undefined) {
    const [first] = passing;
    return cell(
      `They are alike by the objective ${objective}. Each ${measure.verb} ${first ? told(first) : "-"} ${measure.what}, within ${100 * WORTH_IT} %.`,
    );
  }
  const others = passing
    .filter((each) => each !== best)
    .map((each) => `${each.name} ${measure.verb} ${told(each)}`);
  return cell(
    `✓ ${best.name} wins by the objective ${objective}. It ${measure.verb} ${told(best)} ${measure.what}, and ${others.join(", ")}.`,
    "good",
  );
}
