import assert from "node:assert/strict";
import { settingsOfArguments } from "../../../lib/cli/parse-strategy";
import { type DeploymentInput, parseDeployment } from "../../../lib/config";
import { applyOverrides, parseOverrides } from "../../../lib/config/overrides";
import { asArguments, asPulumiCommands, findRemedies, plan } from "../../../lib/strategy";
import { referencePins } from "./a-deployment";

const FAILING: readonly DeploymentInput[] = [
  { workload: { requestRate: 16 } },
  { strategy: { ...referencePins, tensorParallel: 1 } },
  { serving: { maxNumBatchedTokens: 8192 } },
  { slo: { decode: { p50Ms: 5 } } },
  // Its 4,096 tokens are less than the default envelope.
  { model: { name: "meta-llama/Llama-2-70b-chat-hf" } },
];

describe("the remedies of a failing plan", function () {
  this.timeout(600_000);

  for (const change of FAILING) {
    it(`pass as they are printed: ${JSON.stringify(change)}`, () => {
      const input = { strategy: { ...referencePins, objective: "latency" }, ...change };
      const failing = plan(parseDeployment(input));
      const remedies = findRemedies(failing);
      assert.ok(remedies.length > 0, "something passes");
      for (const remedy of remedies) {
        const texts = settingsOfArguments(asArguments(remedy));
        const { overrides, problems } = parseOverrides(texts);
        assert.deepEqual(problems, []);
        const applied = plan(parseDeployment(applyOverrides(input, overrides)));
        assert.ok(applied.chosen.meetsSlo, `${texts.join(" ")}: ${applied.chosen.reasons.join("; ")}`);
      }
      const prices = remedies.map(({ usdPerHour }) => usdPerHour ?? Number.POSITIVE_INFINITY);
      assert.deepEqual(
        prices,
        [...prices].sort((a, b) => a - b),
        "cheapest first",
      );
    });
  }

  it("have the cheapest other machine first, cheaper ones than the present included", () => {
    const failing = plan(
      parseDeployment({ model: { name: "Qwen/Qwen3-8B" }, hardware: { instanceType: "g4dn.12xlarge" } }),
    );
    const other = findRemedies(failing).find(({ settings }) =>
      settings.some(({ key }) => key === "hardware.instanceType"),
    );
    const price = failing.instance.priceUsdPerHour ?? 0;
    assert.ok((other?.usdPerHour ?? price) < price, `${other?.usdPerHour} of ${price}`);
  });

  it("name the type that an older GPU computes in, and the length that the model knows", () => {
    const failing = plan(
      parseDeployment({
        model: { name: "Qwen/Qwen3-0.6B" },
        hardware: { instanceType: "g4dn.xlarge" },
        workload: { requestRate: 0.5 },
        envelope: { maxModelLen: 65_536 },
        slo: { decode: { p50Ms: 200, p99Ms: 500 }, firstToken: { p50Ms: 3000, p99Ms: 5000 } },
      }),
    );
    const [first] = findRemedies(failing);
    assert.deepEqual(first?.settings, [
      { key: "serving.dtype", value: "float16" },
      { key: "envelope.maxModelLen", value: 40_960 },
    ]);
  });

  it("are none for a plan that passes", () => {
    assert.deepEqual(findRemedies(plan(parseDeployment({ strategy: referencePins }))), []);
  });

  it("loosen a limit on the price where nothing else is missed", () => {
    const input = { strategy: referencePins, cost: { maxUsdPerHour: 40 } };
    const remedies = findRemedies(plan(parseDeployment(input)));
    assert.ok(
      remedies.some(
        ({ settings }) => settings[0]?.key === "cost.maxUsdPerHour" && settings[0].value === 55.04,
      ),
      JSON.stringify(remedies.map(asArguments)),
    );
  });

  it("name a strategy as it is typed in place of another one", () => {
    const remedy = {
      settings: [
        { key: "strategy.tensorParallel", value: 4 },
        { key: "hardware.nodes", value: 2 },
      ],
      strategy: { ...referencePins, tensorParallel: 4, pipelineParallel: 2, dataParallel: 2, gpus: 16 },
    };
    assert.equal(asArguments(remedy), "--set hardware.nodes=2 --strategy tp4pp2dp2");
  });

  it("are commands that Pulumi takes", () => {
    const remedy = {
      settings: [{ key: "hardware.nodes", value: 2 }],
      strategy: { ...referencePins, gpus: 16 },
    };
    assert.deepEqual(asPulumiCommands(remedy), ["pulumi config set --path 'shardplan:hardware.nodes' 2"]);
  });
});
