import assert from "node:assert/strict";
import fc from "fast-check";
import type { DeploymentInput } from "../../../lib/config";
import { planJson, renderExplanation } from "../../../lib/report";
import { figureProvenance } from "../../../lib/report/explain/figure-provenance";
import { figureText } from "../../../lib/report/explain/figure-text";
import { numericFigures } from "../../../lib/report/explain/numeric-figures";
import { planCommands } from "../../../lib/report/json/plan-commands";
import { type Plan, plan } from "../../../lib/strategy";
import { aDeployment, asStored } from "../strategy/a-deployment";
import { fullOptions, stackPlan } from "./stack-plan";

/** Dense, grouped, tied, biased, mixtures of experts with and without shared ones, windows, latent and sparse attention, quantised. */
const MODELS = [
  "meta-llama/Meta-Llama-3-70B-Instruct",
  "meta-llama/Meta-Llama-3-8B-Instruct",
  "mistralai/Mixtral-8x7B-Instruct-v0.1",
  "mistralai/Mixtral-8x22B-Instruct-v0.1",
  "Qwen/Qwen3-30B-A3B",
  "Qwen/Qwen3-235B-A22B",
  "Qwen/Qwen3-0.6B",
  "Qwen/Qwen3-32B-FP8",
  "Qwen/Qwen3-30B-A3B-FP8",
  "openai/gpt-oss-20b",
  "openai/gpt-oss-120b",
  "deepseek-ai/DeepSeek-V3",
  "deepseek-ai/DeepSeek-V3.2",
  "moonshotai/Kimi-K2-Instruct",
  "XiaomiMiMo/MiMo-7B-Base",
  "moonshotai/Kimi-K2.5",
];

/** Drafting with what the checkpoint has, else with a small model; a mixed vocabulary is a reason, and figures stay. */
const drafting = (name: string, draftTokens: number): NonNullable<DeploymentInput["serving"]> => ({
  vllmVersion: "0.33.0",
  speculative: /DeepSeek|MiMo/.test(name)
    ? { method: "mtp", draftTokens, acceptance: 0.7 }
    : { method: "draft_model", model: "Qwen/Qwen3-0.6B", draftTokens, acceptanceLength: 1.9 },
});

const degree = fc.oneof({ weight: 3, arbitrary: fc.constant("auto" as const) }, fc.constantFrom(1, 2, 4, 8));

const deployments: fc.Arbitrary<DeploymentInput> = fc.record({
  model: fc.record({
    name: fc.constantFrom(...MODELS),
    precision: fc.constantFrom("bf16" as const, "fp8" as const),
    kvCacheDtype: fc.constantFrom("bf16" as const, "fp8" as const),
  }),
  hardware: fc.record({
    instanceType: fc.constant("custom"),
    gpu: fc.constantFrom("H100-SXM-80GB", "B200-SXM-180GB", "L40S-48GB", "A100-SXM-80GB"),
    gpusPerNode: fc.constantFrom(1, 2, 4, 8),
    nodes: fc.constantFrom(1, 2),
    network: fc.constantFrom("efa" as const, "tcp" as const),
  }),
  strategy: fc.record({
    tensorParallel: degree,
    pipelineParallel: degree,
    dataParallel: degree,
    expertParallel: degree,
    sequenceParallel: degree,
  }),
  workload: fc.record({
    requestRate: fc.constantFrom(0.1, 2, 60),
    arrivals: fc.constantFrom("poisson" as const, "closed" as const, "offline" as const),
    cachedPrefixTokens: fc.constantFrom(0, 32),
    promptTokens: fc.constantFrom(
      { kind: "fixed" as const, tokens: 200 },
      { kind: "uniform" as const, min: 40, max: 3000 },
    ),
    outputTokens: fc.constantFrom(
      { kind: "fixed" as const, tokens: 1 },
      { kind: "uniform" as const, min: 2, max: 60 },
    ),
    simulatedRequests: fc.constant(100),
  }),
  envelope: fc.record({ maxNumSeqs: fc.constantFrom(8, 128) }),
  serving: fc.record({
    vllmVersion: fc.constantFrom("0.33.0", "0.11.0"),
    enforceEager: fc.boolean(),
  }),
  cost: fc.record({ priceUsdPerHour: fc.constantFrom(1.23, 98.32) }),
});

const { max, min, floor, ceil, hypot } = Math;
const FUNCTIONS = { max, min, floor, ceil, hypot };

/** What the printed formula gives for the printed inputs: nothing but the text of `shardplan explain` is read. */
function evaluate(printed: string): number {
  const [, formula = ""] = /^ {2}how {6}derived: (.*)$/m.exec(printed) ?? [];
  const inputs = [...printed.matchAll(/^ {4}(\w+) = ([-\d.,]+)$/gm)].map(
    ([, name = "", value = ""]) => [name, Number(value.replaceAll(",", ""))] as const,
  );
  const scope = { ...FUNCTIONS, ...Object.fromEntries(inputs) };
  return Number(new Function(...Object.keys(scope), `return ${formula}`)(...Object.values(scope)));
}

/** Figures whose printed formula does not give the printed value from the printed inputs, with what it gives. */
function unreproduced(made: Plan, details = {}): string[] {
  const provenance = figureProvenance(made);
  return numericFigures(planJson(made, planCommands(made), details)).flatMap(([figure, value]) => {
    const entry = provenance(figure);
    if (entry === undefined) return [`${figure}: no provenance`];
    if (entry.kind !== "derived") return [];
    const text = figureText(figure, value);
    const printed = renderExplanation([{ ...entry, value, text }]);
    const result = evaluate(printed);
    // Ten digits of the inputs are printed: a value that lies on the edge of its rounding may fall to either side.
    const texts = [1 - 1e-8, 1, 1 + 1e-8].map((edge) => figureText(figure, result * edge));
    return texts.includes(text) ? [] : [`${figure} = ${text}, not ${texts[1]}\n${printed}`];
  });
}

/** Deployments of which some draft tokens and some have room for adapters: 0 is off. */
const withLevers = fc
  .record({
    change: deployments,
    draftTokens: fc.constantFrom(0, 0, 1, 3),
    maxLoras: fc.constantFrom(0, 0, 2),
    decodeContextParallel: fc.constantFrom(1, 1, 1, 2),
    eplb: fc.constantFrom({ enabled: false }, { enabled: true, redundantExperts: 8 }),
  })
  .map(({ change, draftTokens, maxLoras, decodeContextParallel, eplb }) => ({
    ...change,
    serving: {
      ...change.serving,
      lora: { maxLoras },
      decodeContextParallel,
      eplb,
      ...(draftTokens === 0 ? {} : drafting(change.model?.name ?? "", draftTokens)),
    },
  }));

describe("the formulas of explain", function () {
  this.timeout(300_000);

  it("give the printed value from the printed inputs, for any plan", () => {
    fc.assert(
      fc.property(withLevers, (change) => {
        assert.deepEqual(unreproduced(plan(aDeployment(asStored(change)))), [], JSON.stringify(change));
      }),
      { numRuns: Number(process.env.PLAN_RUNS ?? 12), seed: 11 },
    );
  });

  for (const [name, overrides] of [
    ["the reference plan", []],
    ["an overloaded plan", ["workload.requestRate=40", "workload.simulatedRequests=500"]],
  ] as const) {
    it(`give the printed value from the printed inputs for ${name}`, () => {
      const details = overrides.length === 0 ? fullOptions("prod") : {};
      assert.deepEqual(unreproduced(stackPlan("prod", overrides), details), [], name);
    });
  }
});
