import assert from "node:assert/strict";
import fc from "fast-check";
import { type Deployment, parseDeployment } from "../../../lib/config";
import { problemLines } from "./problem-lines";

describe("parseDeployment", () => {
  it("fills in every default: an empty configuration is the reference model with the strategy left open", () => {
    const deployment = parseDeployment({});
    assert.equal(deployment.model.name, "meta-llama/Meta-Llama-3-70B-Instruct");
    assert.equal(deployment.strategy.tensorParallel, "auto");
    assert.deepEqual(deployment.slo.decode, { p50Ms: 50, p99Ms: 100 });
    assert.deepEqual(deployment.hosts, []);
  });

  it("takes nothing and null for an empty configuration", () => {
    assert.deepEqual(parseDeployment(undefined), parseDeployment({}));
    assert.deepEqual(parseDeployment({ cost: null, slo: { decode: null } }), parseDeployment({}));
  });

  it("reads numbers and booleans that were written as text, as the Pulumi CLI does", () => {
    const { strategy, workload, aws } = parseDeployment({
      strategy: { tensorParallel: "8", pipelineParallel: "auto" },
      workload: { requestRate: " 2.5e1 " },
      aws: { allowReplace: "true", capacityBlock: "false" },
    });
    assert.deepEqual([strategy.tensorParallel, strategy.pipelineParallel], [8, "auto"]);
    assert.equal(workload.requestRate, 25);
    assert.deepEqual([aws.allowReplace, aws.capacityBlock], [true, false]);
  });

  it("reads sections and lists given as JSON text", () => {
    const deployment = parseDeployment({
      slo: '{"decode":{"p99Ms":"80"}}',
      gateway: { allowedCidrs: '["10.0.0.0/8"]' },
    });
    assert.equal(deployment.slo.decode.p99Ms, 80);
    assert.deepEqual(deployment.gateway.allowedCidrs, ["10.0.0.0/8"]);
  });

  it("keeps whole numbers and booleans where text is wanted, and refuses what would not print back", () => {
    const environment = parseDeployment({ serving: { environment: { A: 2, B: true, C: "0.90" } } });
    assert.deepEqual(environment.serving.environment, { A: "2", B: "true", C: "0.90" });
    // 0.90 in YAML is the number 0.9: the text that was meant is lost.
    assert.deepEqual(
      problemLines(() => parseDeployment({ serving: { environment: { C: 0.9 } } })),
      ["configuration: serving.environment.C: must be text; given 0.9 (put it in quotes)"],
    );
  });

  it("gives the same deployment whether leaves are typed or text", () => {
    const asText = (value: unknown): unknown => {
      if (typeof value === "number" || typeof value === "boolean") return String(value);
      if (Array.isArray(value)) return value.map(asText);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asText(item)]));
    };
    const rate = fc.double({ min: 0.01, max: 1e4, noNaN: true });
    const count = fc.integer({ min: 1, max: 256 });
    fc.assert(
      fc.property(rate, count, fc.boolean(), (requestRate, nodes, allowReplace) => {
        const input = { workload: { requestRate }, hardware: { nodes }, aws: { allowReplace } };
        assert.deepEqual(parseDeployment(asText(input)), parseDeployment(input));
      }),
    );
  });

  it("is a fixed point: a parsed deployment parses to itself", () => {
    const once = parseDeployment({ envelope: { maxModelLen: 4096 } });
    assert.deepEqual(parseDeployment(once), once);
  });

  it("cuts lognormal tails to what maxModelLen leaves", () => {
    const { workload } = parseDeployment({ envelope: { maxModelLen: 4096 } });
    // Outputs keep their 1000 tokens; prompts get the rest, 4096 - 1000.
    assert.equal((workload.outputTokens as { max?: number }).max, 1000);
    assert.equal((workload.promptTokens as { max?: number }).max, 3096);
  });

  it("leaves room for prompt and output together, whatever the lengths", () => {
    const lognormal = fc.record({
      kind: fc.constant("lognormal" as const),
      median: fc.integer({ min: 1, max: 2000 }),
      spread: fc.double({ min: 1, max: 4, noNaN: true }),
    });
    const end = (lengths: Deployment["workload"]["promptTokens"]) =>
      lengths.kind === "lognormal" ? (lengths.max ?? 0) : 0;
    fc.assert(
      fc.property(lognormal, lognormal, (prompt, output) => {
        const of = ({ kind, median, spread }: typeof prompt) => ({
          kind,
          median,
          mean: median * spread,
          max: 100_000,
        });
        const { workload } = parseDeployment({
          workload: { promptTokens: of(prompt), outputTokens: of(output) },
        });
        assert.ok(
          end(workload.promptTokens) + end(workload.outputTokens) <= 8192,
          "not so: end(workload.promptTokens) + end(workload.outputTokens) <= 8192",
        );
        assert.ok(end(workload.promptTokens) >= prompt.median, `prompt.median: ${prompt.median}`);
        assert.ok(end(workload.outputTokens) >= output.median, `output.median: ${output.median}`);
      }),
    );
  });
});
