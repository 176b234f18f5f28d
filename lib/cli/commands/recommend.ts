import { modelConfigOf } from "../../catalog";
import { type Deployment, meanTokens, parseDeployment, UserError } from "../../config";
import { recommendObject, recommendScreen } from "../../report";
import { type Recommendation, type Recommended, readSituation, recommend, tryMachines } from "../../strategy";
import type { CommandSpec } from "../command-spec";
import { emit, reportLook, toJson, wantsJson } from "../emit";
import { EXIT } from "../exit-codes";
import type { OptionValues } from "../options";
import { positive } from "../positive";

/** How many times the load is looked at, too, with --full. */
const MORE = [10, 100];

export const recommendCommand: CommandSpec = {
  name: "recommend",
  summary: "the cheapest machines of the catalogue that serve a model within its targets",
  arguments: [
    { usage: "<model>", description: "a name that `shardplan models` lists, or a repository of the hub" },
  ],
  options: ["rate", "users", "tokensPerSecond", "set", "price", "full", "out", "json"],
  notes: [
    "Every instance type with a price and 1 to 16 nodes of it are looked at; what no figure by hand rules out is planned in the order of its price, so that nothing cheaper passes. Each line is a plan that meets every requirement: `Confirm:` is the command that computes it again. For each other GPU the cheapest that pass follow. --full adds what 10 and 100 times the load take. Exit code 2: no machine passes.",
  ],
  examples: [
    ["shardplan recommend Qwen/Qwen3-8B --rate 2", "where to serve 2 requests/s"],
    [
      "shardplan recommend openai/gpt-oss-20b --users 20 --tokens-per-second 30 --price g6e.xlarge=0.9",
      "where 20 people read 30 tokens per second each, with a spot price",
    ],
  ],
  async run({ args: [name = ""], options }, io) {
    const deployment = read(name, options);
    const modelConfig = modelConfigOf(deployment);
    const situation = readSituation(deployment, { modelConfig });
    const prices = pricesOf(options.price);
    const search = (times: number): Promise<Recommended> => {
      const { workload } = deployment;
      const asked = { ...deployment, workload: { ...workload, requestRate: times * workload.requestRate } };
      return recommend(
        {
          situation: { ...situation, deployment: asked },
          tries: async (changed, machines) => tryMachines(changed, machines, { modelConfig }),
        },
        { prices, cheapestOnly: times > 1, onProgress: io.progress },
      );
    };
    const recommended = await search(1);
    const more: Recommended[] = [];
    for (const times of options.full ? MORE : []) more.push(await search(times));
    io.progress("");
    const report = {
      model: situation.model.name,
      recommended,
      more,
      confirm: confirmWith(deployment, options),
    };
    emit(
      wantsJson(options) ? toJson(recommendObject(report)) : recommendScreen(report, reportLook(options, io)),
      options,
      io,
    );
    return recommended.recommendations.length > 0 ? EXIT.met : EXIT.missed;
  },
};

/** The deployment that is looked for machines for: defaults, the model, the load, and what is set. */
function read(name: string, options: OptionValues): Deployment {
  const model = { model: { name } };
  const { set, users, tokensPerSecond, rate } = options;
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
  const asked = parseDeployment(model, set, "recommend");
  if (users === undefined || tokensPerSecond === undefined)
    return parseDeployment(
      model,
      rate === undefined ? set : [...set, `workload.requestRate=${rate}`],
      "recommend",
    );
  const requestRate =
    (positive("--users", users) * positive("--tokens-per-second", tokensPerSecond)) /
    meanTokens(asked.workload.outputTokens);
  const gapMs = 1000 / Number(tokensPerSecond);
  const slo = { decode: { p50Ms: gapMs, p99Ms: Math.max(2 * gapMs, asked.slo.decode.p99Ms) } };
  return parseDeployment({ ...model, slo, workload: { requestRate } }, set, "recommend");
}

function pricesOf(texts: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [type = "", usd = ""] = text.split("=");
      return [type, positive(`--price ${type}`, usd)] as const;
    }),
  );
}

/** The plan of a line as a command: what is not a default is said. */
function confirmWith({ model, workload, slo }: Deployment, { set, users, price }: OptionValues) {
  return ({ instanceType, nodes, usdPerHour }: Recommendation): string => {
    const sets = [
      `model.name=${model.name}`,
      `hardware.instanceType=${instanceType}`,
      `hardware.nodes=${nodes}`,
      `workload.requestRate=${workload.requestRate}`,
      ...(users === undefined
        ? []
        : [`slo.decode.p50Ms=${slo.decode.p50Ms}`, `slo.decode.p99Ms=${slo.decode.p99Ms}`]),
      ...(price.length === 0 ? [] : [`cost.priceUsdPerHour=${usdPerHour / nodes}`]),
      ...set,
    ];
    return `shardplan plan --strategy auto --set strategy.objective=goodput ${sets.map((each) => `--set ${each}`).join(" ")}`;
  };
}
