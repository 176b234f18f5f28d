import { inBackticks, programName, UserError } from "../config";
import { longestContext, maxRate, smallestGpu } from "../library";
import { type Answered, lengthsText, planNotes, rateText, targetsText } from "../report";
import { type Situation, strategyLabel } from "../strategy";
import { givenPrices, usdByType } from "./given-prices";
import type { Io } from "./io";
import type { OptionValues } from "./options";
import {
  askedWith,
  machineSets,
  planCommand,
  type RecommendQuestion,
  situationWith,
} from "./recommend-question";

/** A question of `recommend` other than for the cheapest machines. */
interface Inverse {
  readonly name: "longestContext" | "maxRate" | "smallestGpu";
  readonly flag: string;
  readonly ask: (question: RecommendQuestion, options: OptionValues, io: Io) => Promise<Answered>;
}

/** The inverse question that is asked, by its option. Throws a `UserError` for more than one. */
export function inverseQuestion(options: OptionValues): Inverse | undefined {
  const asked = INVERSE.filter(({ name }) => options[name]);
  if (asked.length < 2) return asked[0];
  throw new UserError({
    code: "several-questions",
    where: "recommend",
    message: `${asked.map(({ flag }) => flag).join(" and ")} are questions of their own`,
    hint: "ask one at a time",
  });
}

const good = (text: string) => ({ text: `✓ ${text}`, tone: "good" as const });
const bad = (text: string) => ({ text: `✗ ${text}`, tone: "bad" as const });
const targetsOf = ({ deployment: { slo } }: Situation): string => `The targets are ${targetsText(slo)}.`;
/** Whose latencies a plan with a long context has. */
const OF_LOAD = "These latencies are those of the load's requests, not of a prompt that fills the context.";
const tokensText = (tokens: number) => `${tokens.toLocaleString("en-US")} tokens`;

/** The model and the machines, as a title; what one machine has where it is no type of EC2. */
function titleOf({ model, hardware: { instance, nodes, gpu } }: Situation): string {
  const machine = instance.name === "custom" ? `${instance.gpus} x ${gpu.name}` : instance.name;
  return `${model.name} on ${nodes > 1 ? `${nodes} x ` : ""}${machine}`;
}

async function askLongestContext(question: RecommendQuestion, options: OptionValues): Promise<Answered> {
  const machines = machineSets(options, "--longest-context");
  const situation = situationWith(question, machines);
  const { workload } = situation.deployment;
  const { modelTokens, startsWithTokens, served } = longestContext(...askedWith(question, machines));
  const title = `${titleOf(situation)}, at ${rateText(workload.requestRate)} ${lengthsText(workload)}`;
  const figures = { longestContextTokens: served?.tokens ?? 0, startsWithTokens, modelTokens };
  const ofModel = `The model knows ${tokensText(modelTokens)}.`;
  const startsText =
    startsWithTokens === 0
      ? "It starts with no length that the load's requests fit into."
      : `vLLM starts with up to ${tokensText(startsWithTokens)}${startsWithTokens > figures.longestContextTokens ? ", beyond what the requirements allow at this rate" : ""}.`;
  if (served === undefined)
    return {
      ...{ title, figures, notes: [targetsOf(situation), startsText, ofModel] },
      verdict: bad("No length meets the targets at this rate."),
    };
  return {
    ...{ title, figures },
    verdict: good(`The longest context that meets the targets is ${tokensText(served.tokens)}.`),
    notes: [`${startsText} ${ofModel}`, ...planNotes(served.plan), OF_LOAD],
    confirm: planCommand(question, [...machines, `envelope.maxModelLen=${served.tokens}`]),
  };
}

async function askMaxRate(question: RecommendQuestion, options: OptionValues): Promise<Answered> {
  const machines = machineSets(options, "--max-rate");
  const situation = situationWith(question, machines);
  const title = `${titleOf(situation)}, ${lengthsText(situation.deployment.workload)}`;
  const answer = maxRate(...askedWith(question, machines));
  if (answer === undefined)
    return {
      ...{ title, figures: { requestRate: 0 } },
      verdict: bad("No rate meets the targets on these machines."),
      notes: [
        targetsOf(situation),
        `A plan of the same question says why: ${programName()} plan --model, with the machines in --set.`,
      ],
    };
  const { requestRate, plan } = answer;
  return {
    title,
    verdict: good(`The highest rate that meets the targets is ${rateText(requestRate)}.`),
    notes: planNotes(plan),
    confirm: planCommand(question, [
      ...machines,
      "strategy.objective=throughput",
      `workload.requestRate=${requestRate}`,
    ]),
    figures: { requestRate, strategy: plan.strategy, latency: plan.latency },
  };
}

async function askSmallestGpu(question: RecommendQuestion, options: OptionValues, io: Io): Promise<Answered> {
  const { deployment } = question;
  const situation = situationWith(question, []);
  const found = await smallestGpu(deployment, {
    prices: usdByType(givenPrices(options.price)),
    onProgress: io.progress,
  });
  const title = `${deployment.model.name}, at ${rateText(deployment.workload.requestRate)} ${lengthsText(deployment.workload)}`;
  if (found === undefined)
    return {
      ...{
        title,
        figures: {},
        notes: [
          targetsOf(situation),
          `${inBackticks("recommend")} without this option looks at several, too.`,
        ],
      },
      verdict: bad("No single machine of the catalogue passes."),
    };
  const { recommendation: best, gpus, memoryBytes, smallerTried } = found;
  const memory = `${Math.round(memoryBytes / gpus / 2 ** 30)} GiB`;
  return {
    title,
    verdict: good(
      `The smallest that passes is ${gpus} x ${best.gpu} of ${memory} each: ${best.instanceType}, $${best.usdPerHour.toFixed(2)} an hour.`,
    ),
    notes: [
      `The plan is ${strategyLabel(best.strategy)}; machines with less GPU memory that were tried and do not pass: ${smallerTried}.`,
    ],
    confirm: planCommand(question, [`hardware.instanceType=${best.instanceType}`]),
    figures: { ...best, gpus, memoryBytes, smallerTried },
  };
}

const INVERSE: readonly Inverse[] = [
  { name: "longestContext", flag: "--longest-context", ask: askLongestContext },
  { name: "maxRate", flag: "--max-rate", ask: askMaxRate },
  { name: "smallestGpu", flag: "--smallest-gpu", ask: askSmallestGpu },
];
