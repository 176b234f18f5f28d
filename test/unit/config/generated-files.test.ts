import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { catalogueNames } from "../../../lib/catalog";
import { editorSchema, generatedFiles } from "../../../lib/config";
import { documentedSections } from "../../../lib/config/documented-keys";

const ROOT = join(__dirname, "../../..");

describe("what is made from the schema", () => {
  for (const { path, text } of generatedFiles(catalogueNames())) {
    it(`is current: ${path}`, () => {
      assert.ok(readFileSync(join(ROOT, path), "utf8") === text, `${path} is stale: run \`npm run docs\``);
    });
  }

  it("lets editors accept the stacks of the repository and mark a key that is none", () => {
    const editor = z.fromJSONSchema(editorSchema(catalogueNames()) as Parameters<typeof z.fromJSONSchema>[0]);
    for (const stack of ["prod", "dev", "byo"]) {
      const file: unknown = parse(readFileSync(join(ROOT, `Pulumi.${stack}.yaml`), "utf8"));
      assert.deepEqual(editor.safeParse(file).error?.issues ?? [], [], stack);
    }
    assert.equal(
      editor.safeParse({ config: { "aws:region": "x", "shardplan:apiKey": { secure: "x" } } }).success,
      true,
    );
    assert.equal(editor.safeParse({ config: { "shardplan:modle": {} } }).success, false);
    assert.equal(editor.safeParse({ config: { "shardplan:slo": { decode: { p99: 3 } } } }).success, false);
    const accepts = (section: string, value: object) =>
      editor.safeParse({ config: { [`shardplan:${section}`]: value } }).success;
    assert.equal(accepts("hardware", { instanceType: "p5.48xlarg" }), false);
    assert.equal(accepts("hardware", { instanceType: "custom", gpu: "H100" }), true);
    assert.equal(accepts("model", { name: "somebody/of-the-hub" }), true);
  });

  it("describes every key and section with a type and words", () => {
    for (const section of documentedSections()) {
      assert.match(section.description, /\.$/, section.name);
      for (const { key, type, description } of section.keys) {
        assert.match(description, /[.]$/, key);
        assert.notEqual(type, "", key);
      }
    }
  });

  it("gives every number a unit, unless it has none", () => {
    // A port, a seed, a version of a kind and a squared coefficient of variation are pure numbers.
    const pure = [
      "hardware.custom.computeCapability",
      "bastion.port",
      "firewall.openPorts",
      "gateway.port",
      "hosts[].port",
      "workload.seed",
      "workload.burstiness",
      "workload.expertSkew",
    ];
    const keys = documentedSections().flatMap((section) => section.keys);
    const without = keys.filter(({ type, unit }) => /number/.test(type) && unit === "").map(({ key }) => key);
    assert.deepEqual(without.sort(), pure.sort());
  });

  it("gives every key a default, unless its description says what happens without", () => {
    // Only used when something else asks for them, and then a rule between keys does.
    const conditional = [
      "model.configPath",
      "model.location",
      "hardware.gpu",
      "hardware.custom.fp8Tflops",
      "hardware.custom.fp4Tflops",
      "hardware.custom.linkGbPerSecond",
      "hardware.custom.computeCapability",
      "hardware.gpusPerNode",
      "serving.speculative.model",
      "serving.speculative.configPath",
      "serving.speculative.acceptance",
      "serving.speculative.acceptanceLength",
      "serving.packageLocation",
      "gateway.domain",
      "aws.capacityReservationId",
      "monitoring.alerts.mailTo",
      "monitoring.alerts.mailFrom",
      "monitoring.alerts.mailServer",
      "cost.maxUsdPerHour",
    ];
    const keys = documentedSections().flatMap((section) => section.keys);
    const bare = keys.filter((key) => {
      return key.default === undefined && !key.required && !/Default: /.test(key.description);
    });
    assert.deepEqual(
      bare.map(({ key }) => key),
      conditional,
    );
  });
});
