import { inBackticks } from "../../config";
import { answerObject, answerScreen, recommendObject, recommendScreen } from "../../report";
import { type Recommendation, type Recommended, recommend } from "../../strategy";
import type { CommandSpec } from "../command-spec";
import { emit, reportLook, toJson, wantsJson } from "../emit";
import { EXIT } from "../exit-codes";
import { givenPrices, givenText, usdByType } from "../given-prices";
import { inverseQuestion } from "../inverse-questions";
import { planCommand, readQuestion } from "../recommend-question";
import { type SearchAt, withTrials } from "../trial-workers";

/** How many times the load is looked at, too, with --full. */
const MORE = [10, 100];

export const recommendCommand: CommandSpec = {
  name: "recommend",
  summary: "the cheapest machines of the catalogue that serve a model within its targets",
  arguments: [
    {
      usage: "<model>",
      description: `a name that ${inBackticks("models")} lists, or a repository of the hub`,
    },
  ],
  options: [
    ...(["rate", "users", "tokensPerSecond", "slo", "longestContext", "maxRate", "smallestGpu"] as const),
    ...(["on", "nodes", "set", "price", "full", "out", "json"] as const),
  ],
  notes: [
    "Every instance type with a price and 1 to 16 nodes of it are looked at; what no figure by hand rules out is planned in the order of its price, so that nothing cheaper passes. Each line is a plan that meets every requirement: `Confirm:` is the command that computes it again. For each other GPU the cheapest that pass follow; a GPU of which two machines that cost more than the cheapest miss a target is left, and named below the table. --full adds what 10 and 100 times the load take. Exit code 2: no machine passes.",
    "--longest-context and --max-rate ask what the machines of --on can do, --smallest-gpu which machine with the least GPU memory will do; the answer is a plan, too.",
  ],
  examples: [
    ["shardplan recommend Qwen/Qwen3-8B --rate 2", "where to serve 2 requests/s"],
    [
      "shardplan recommend openai/gpt-oss-20b --users 20 --tokens-per-second 30 --price g6e.xlarge=spot:0.9",
      "where 20 people read 30 tokens per second each, with a spot price",
    ],
    [
      "shardplan recommend Qwen/Qwen3-8B --longest-context --on g6e.xlarge --rate 1",
      "the longest context that fits, and meets the targets at 1 request/s",
    ],
    [
      "shardplan recommend Qwen/Qwen3-8B --max-rate --on 2xH100 --slo ttft.p99=800",
      "the highest rate of two GPUs with first tokens within 800 ms",
    ],
    ["shardplan recommend Qwen/Qwen3-8B --smallest-gpu --rate 1", "the smallest GPU that serves it"],
  ],
  async run({ args: [name = ""], options }, io) {
    const question = readQuestion(name, options);
    const inverse = inverseQuestion(options);
    if (inverse !== undefined) {
      const answered = await inverse.ask(question, options, io);
      io.progress("");
      const look = reportLook(options, io);
      emit(wantsJson(options) ? toJson(answerObject(answered)) : answerScreen(answered, look), options, io);
      return answered.confirm === undefined ? EXIT.missed : EXIT.met;
    }
    const { deployment, configs } = question;
    const given = givenPrices(options.price);
    const prices = usdByType(given);
    const search = (at: SearchAt, times: number): Promise<Recommended> =>
      recommend(at(times * deployment.workload.requestRate), {
        prices,
        cheapestOnly: times > 1,
        onProgress: io.progress,
      });
    const { model, recommended, more } = await withTrials({ deployment, configs }, async (at) => {
      const found: Recommended[] = [];
      const asOften = await search(at, 1);
      for (const times of options.full ? MORE : []) found.push(await search(at, times));
      return {
        model: at(deployment.workload.requestRate).situation.model.name,
        recommended: asOften,
        more: found,
      };
    });
    io.progress("");
    const report = {
      model,
      recommended,
      asked: deployment,
      more,
      given: givenText(given),
      confirm: ({ instanceType, nodes, usdPerHour }: Recommendation) =>
        planCommand(question, [
          ...[`hardware.instanceType=${instanceType}`, `hardware.nodes=${nodes}`],
          ...(given[instanceType] === undefined ? [] : [`cost.priceUsdPerHour=${usdPerHour / nodes}`]),
        ]),
    };
    emit(
      wantsJson(options) ? toJson(recommendObject(report)) : recommendScreen(report, reportLook(options, io)),
      options,
      io,
    );
    return recommended.recommendations.length > 0 ? EXIT.met : EXIT.missed;
  },
};
