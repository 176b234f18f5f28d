import { parseArgs } from "node:util";
import { findGpu, listInstanceTypes, weightBytes } from "../lib/catalog";
import { crossCheck, loadedPrecision, parseDeployment } from "../lib/config";
import { MOST_NODES, readSituation, recommend, tryMachines } from "../lib/strategy";
import { planSituation } from "../lib/strategy/plan";
import { situationOf } from "../lib/strategy/situation";
import { withMachines } from "../lib/strategy/what-if/recommend";
import { renderText } from "./table";

const MODELS = [
  "meta-llama/Llama-3.1-8B-Instruct",
  "meta-llama/Llama-3.3-70B-Instruct",
  "openai/gpt-oss-120b",
  "Qwen/Qwen3-235B-A22B-FP8",
  "deepseek-ai/DeepSeek-V3",
];
const RATES = [1, 10, 100];

/** All machines that are cheaper and hold the weights once, whatever can be said of them by hand. */
function cheaperThan(usdPerHour: number, bytes: number) {
  return listInstanceTypes().flatMap(({ name, gpu, gpus, priceUsdPerHour: usd }) =>
    Array.from({ length: MOST_NODES }, (_, at) => at + 1)
      .map((nodes) => ({
        instanceType: name,
        nodes,
        gpu,
        usdPerHour: nodes * (usd ?? Number.POSITIVE_INFINITY),
      }))
      .filter((each) => each.usdPerHour < usdPerHour && findGpu(gpu).memoryBytes * gpus * each.nodes > bytes),
  );
}

/**
 * Holds recommendations against brute force: plans every machine that is cheaper than the recommended one, the ruled out
 * included. `npm run bench:recommend -- --models 8B --rates 1` takes a part; run it at idle class (`chrt -i 0`).
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { models: { type: "string", default: "" }, rates: { type: "string", default: RATES.join() } },
  });
  const rows: string[][] = [];
  let wrong = 0;
  for (const name of MODELS.filter((each) => each.includes(values.models))) {
    for (const requestRate of values.rates.split(",").map(Number)) {
      const deployment = parseDeployment({ model: { name }, workload: { requestRate } });
      const situation = readSituation(deployment);
      const start = process.cpuUsage().user;
      const { recommendations } = await recommend({
        situation,
        tries: async (machines) => tryMachines(situation, machines),
      });
      const seconds = (process.cpuUsage().user - start) / 1e6;
      const [best] = recommendations;
      const bytes = weightBytes(situation.model, loadedPrecision(deployment.model)) / 1.25;
      const others = cheaperThan(best?.usdPerHour ?? 0, bytes);
      const passing = others.filter((machines) => {
        const changed = withMachines(deployment, machines);
        // One model for all of them: what machines have alike is computed once, and every plan is a whole one.
        const alike = () => planSituation(situationOf(changed, situation.model, situation.draft));
        return crossCheck(changed).length === 0 && alike().chosen.meetsSlo;
      });
      for (const { nodes, instanceType } of passing)
        console.error(`${name} at ${requestRate}: ${nodes} x ${instanceType} is cheaper and passes`);
      wrong += passing.length;
      const said =
        best === undefined
          ? "none"
          : `${best.nodes} x ${best.instanceType} at $${best.usdPerHour.toFixed(2)}/h`;
      rows.push([name, `${requestRate}`, said, `${others.length}`, `${passing.length}`, seconds.toFixed(1)]);
      console.error(rows.at(-1)?.join("  "));
    }
  }
  console.log(
    renderText({
      title: "Recommended machines against brute force",
      note: "Every cheaper machine that holds the weights was planned.",
      header: [
        "model",
        "requests/s",
        "recommended",
        "cheaper ones planned",
        "that pass",
        "CPU seconds to recommend",
      ],
      rows,
    }),
  );
  process.exitCode = wrong === 0 ? 0 : 1;
}

void main();
