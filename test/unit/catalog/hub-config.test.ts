import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelConfigOf, resolveModel } from "../../../lib/catalog";
import { parseDeployment, UserError } from "../../../lib/config";

/** A hub of one repository, in a process of its own because asking it blocks this one. */
const HUB = `
const files = {
  "/somebody/small/resolve/main/config.json": { model_type: "llama", hidden_size: 256, num_hidden_layers: 2,
    num_attention_heads: 4, num_key_value_heads: 2, intermediate_size: 512, vocab_size: 1000,
    max_position_embeddings: 2048, rope: "%" },
  "/somebody/small/resolve/main/hf_quant_config.json": { quantization: { quant_algo: "FP8", kv_cache_quant_algo: "FP8" } },
  "/somebody/small/resolve/main/model.safetensors.index.json": { metadata: { total_size: 2500000000 } },
};
require("http").createServer((asked, answer) => {
  if (asked.url.startsWith("/gated/")) return answer.writeHead(asked.headers.authorization ? 404 : 401).end();
  const file = files[asked.url];
  answer.writeHead(file ? 200 : 404, { "x-repo-commit": "c0ffee" });
  answer.end(file ? JSON.stringify(file).replace('"%"', "Infinity") : "");
}).listen(0, "127.0.0.1", function () { process.stdout.write(String(this.address().port)); });`;

const model = (name: string, more = {}) => parseDeployment({ model: { name, ...more } });

describe("a model of the hub", function () {
  this.timeout(60_000);
  let hub: ChildProcess;
  let cache: string;
  const before_: Record<string, string | undefined> = {};
  const set = (name: string, value: string | undefined) => {
    if (!(name in before_)) before_[name] = process.env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  const lineOf = (ask: () => unknown): string => {
    try {
      ask();
    } catch (error) {
      if (error instanceof UserError) return error.line;
      throw error;
    }
    return "nothing was thrown";
  };

  before(async () => {
    hub = spawn(process.execPath, ["-e", HUB], { stdio: ["ignore", "pipe", "inherit"] });
    const port = await new Promise<string>((resolve) =>
      hub.stdout?.once("data", (text) => resolve(`${text}`)),
    );
    cache = mkdtempSync(join(tmpdir(), "hub-cache-"));
    set("HF_ENDPOINT", `http://127.0.0.1:${port}/`);
    set("XDG_CACHE_HOME", cache);
    set("HF_TOKEN", undefined);
    set("HF_HUB_OFFLINE", undefined);
  });
  after(() => {
    hub.kill();
    rmSync(cache, { recursive: true });
    for (const [name, value] of Object.entries(before_)) set(name, value);
  });

  it("is read with its quantisation, and its commit and size are recorded", () => {
    const deployment = model("somebody/small");
    const found = resolveModel(deployment.model, modelConfigOf(deployment));
    assert.equal(found.layers, 2);
    assert.equal(found.checkpoint?.formats.feedForward, "fp8");
    assert.ok(
      found.checkpoint?.calibratedCache,
      `found.checkpoint?.calibratedCache: ${found.checkpoint?.calibratedCache}`,
    );
    assert.match(found.provenance.source, /somebody\/small at commit c0ffee \(main\) .* 2\.5 GB of weights/);
  });

  it("is not asked for what the catalogue has", () => {
    assert.equal(modelConfigOf(model("Qwen/Qwen3-8B")), undefined);
  });

  it("is refused in one line: unknown, and gated without a token", () => {
    assert.match(
      lineOf(() => modelConfigOf(model("somebody/else"))),
      /^model\.name: somebody\/else is neither in the catalogue nor on http:\S+ at revision main; give its config\.json/,
    );
    assert.match(
      lineOf(() => modelConfigOf(model("gated/one"))),
      /needs access on .*; set HF_TOKEN/,
    );
  });

  it("comes from the cache without a network, and says so where it is not there", () => {
    hub.kill();
    set("HF_HUB_OFFLINE", "1");
    assert.ok(modelConfigOf(model("somebody/small")), "the hub has it");
    assert.match(
      lineOf(() => modelConfigOf(model("somebody/new"))),
      /HF_HUB_OFFLINE forbids asking the hub/,
    );
    set("HF_HUB_OFFLINE", undefined);
    assert.match(
      lineOf(() => modelConfigOf(model("somebody/new"))),
      /somebody\/new is not in the catalogue, and http:\S+ cannot be reached \(ECONNREFUSED\); give its config/,
    );
    for (const typed of ["Qwen/Qwen3-23B", "Qwen/Qwn3-32B"]) {
      assert.match(
        lineOf(() => modelConfigOf(model(typed))),
        /cannot be reached \(ECONNREFUSED\); did you mean Qwen\/Qwen3-32B\? If not, give its config/,
      );
    }
  });
});
