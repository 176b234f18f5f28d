import { configsOf } from "../catalog";
import {
  type Deployment,
  type DeploymentInput,
  meanTokens,
  parseDeployment,
  programName,
  UserError,
} from "../config";
import { hardwareOf, readMachines, shellCommand } from "../serving";
import { type PlanOptions, readSituation, type Situation } from "../strategy";
import type { OptionValues } from "./options";
import { positive } from "./positive";

/** What machines are looked for, or what machines can do: the settings that `plan` takes, too. */
export interface RecommendQuestion {
  readonly model: string;
  /** `key=value` of all that is asked and no default, machines not included. */
  readonly sets: readonly string[];
  readonly deployment: Deployment;
  readonly configs: PlanOptions;
}

/** Reads the question of `recommend`. Throws a `UserError` for a load given twice, and what cannot be read. */
export function readQuestion(model: string, options: OptionValues): RecommendQuestion {
  const sets = [...load(model, options), ...options.slo.map(target), ...options.set];
  const deployment = parseDeployment({ model: { name: model } }, sets, "recommend");
  return { model, sets, deployment, configs: configsOf(deployment) };
}

/** A question with further settings, as the library takes it. */
export const askedWith = (
  { model, sets }: RecommendQuestion,
  more: readonly string[],
): [DeploymentInput, string[]] => [{ model: { name: model } }, [...sets, ...more]];

/** The situation of a question with further settings. */
export const situationWith = (question: RecommendQuestion, more: readonly string[]): Situation =>
  readSituation(parseDeployment(...askedWith(question, more), "recommend"), question.configs);

/** The command that computes a plan of the question again, with further settings. */
export const planCommand = ({ model, sets }: RecommendQuestion, more: readonly string[]): string =>
  `${programName()} ${shellCommand(["plan", "--model", model, ...[...sets, ...more].flatMap((each) => ["--set", each])])}`;

/** The machines of `--on` and `--nodes` as settings. Throws a `UserError` when they are missing or unknown. */
export function machineSets({ on, nodes = "1" }: OptionValues, question: string): string[] {
  if (on === undefined) {
    throw new UserError({
      code: "no-machine",
      where: question,
      message: "which machines are meant is not said",
      hint: `add --on, as in ${question} --on p5.48xlarge, or --on 4xH100`,
    });
  }
  const machines = readMachines(on, { nodes: positive("--nodes", nodes), wanted: 1 });
  const hardware =
    machines.instanceType === undefined
      ? hardwareOf(machines, machines.gpusPerNode * machines.nodes)
      : { instanceType: machines.instanceType, nodes: machines.nodes };
  return Object.entries(hardware ?? {}).map(([key, value]) => `hardware.${key}=${value}`);
}

/** The load as settings: a rate, or people who read. */
function load(model: string, { rate, users, tokensPerSecond, set }: OptionValues): string[] {
  if (
    (users === undefined) !== (tokensPerSecond === undefined) ||
    (users !== undefined && rate !== undefined)
  ) {
    throw new UserError({
      code: "load-given-twice",
      where: "recommend",
      message: "the load is --rate, or --users with --tokens-per-second",
      hint: "as in --rate 8, or --users 50 --tokens-per-second 20",
    });
  }
  if (rate !== undefined) return [`workload.requestRate=${positive("--rate", rate)}`];
  if (users === undefined || tokensPerSecond === undefined) return [];
  const { workload, slo } = parseDeployment({ model: { name: model } }, set, "recommend");
  const speed = positive("--tokens-per-second", tokensPerSecond);
  const requestRate = (positive("--users", users) * speed) / meanTokens(workload.outputTokens);
  const gapMs = 1000 / speed;
  return [
    `workload.requestRate=${requestRate}`,
    `slo.decode.p50Ms=${gapMs}`,
    `slo.decode.p99Ms=${Math.max(2 * gapMs, slo.decode.p99Ms)}`,
  ];
}

const NAMES: Readonly<Record<string, string>> = {
  ...{ ttft: "firstToken", firsttoken: "firstToken", prefill: "prefill" },
  ...{ decode: "decode", tpot: "decode", itl: "decode", gap: "decode" },
};

/** `ttft.p99=800` as a setting. Throws a `UserError` for another form. */
function target(text: string): string {
  const [, name = "", percentile, ms = ""] = /^([a-z]+)\.(p50|p99)(?:ms)?=(.+)$/i.exec(text) ?? [];
  const key = NAMES[name.toLowerCase()];
  if (key === undefined || percentile === undefined) {
    throw new UserError({
      code: "option-value",
      where: `--slo ${text}`,
      message: "is not a latency target",
      hint: "as in --slo ttft.p99=800, --slo decode.p50=40 or --slo prefill.p99=500, in milliseconds",
    });
  }
  return `slo.${key}.${percentile.toLowerCase()}Ms=${positive(`--slo ${name}.${percentile}`, ms, "=")}`;
}
