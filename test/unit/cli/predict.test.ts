import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { predictCommand } from "../../../lib/cli/commands/predict";
import { caseRowSchema } from "../../../lib/performance/predict/case-row";
import { runCli } from "./run-cli";

const HEADER = "id,engine,model,precision,gpu,tp,isl,osl,arrivals,concurrency,num_requests";
const GOOD = "good,vLLM,Llama-3.3-70B-Instruct,fp8,H100-SXM-80GB,4,512,64,closed,4,12";
const lines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("shardplan predict", function () {
  this.timeout(120_000);
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "shardplan-predict-"));
  });
  after(() => rmSync(folder, { recursive: true }));
  const predict = (csv: string) => {
    writeFileSync(join(folder, "cases.csv"), csv);
    return runCli(["predict", "cases.csv"], { cwd: folder });
  };

  it("names every column that it reads in its help", () => {
    const words = new Set(predictCommand.notes?.join(" ").split(/\W+/));
    assert.deepEqual(
      Object.keys(caseRowSchema.shape).filter((column) => !words.has(column)),
      [],
    );
  });

  it("prints one JSON object a row with the contract's keys", () => {
    const { status, stdout, stderr } = predict(`${HEADER}\n${GOOD}\n`);
    assert.deepEqual([status, stderr], [0, ""]);
    const [result] = lines(stdout);
    const keys =
      "ttft_ms_mean ttft_ms_p50 ttft_ms_p99 itl_ms_mean itl_ms_p50 itl_ms_p99 output_tok_s steady_ttft_ms_p50 steady_ttft_ms_p99";
    for (const key of keys.split(" ")) assert.ok(result[key] > 0, key);
    assert.equal(result.id, "good");
  });

  it("says once which GPU a short name is taken for, and gives its figures", () => {
    const row = (id: string, gpu: string) => GOOD.replace("good", id).replace("H100-SXM-80GB", gpu);
    const { status, stdout, stderr } = predict(
      `${HEADER}\n${[row("a", "H100"), row("b", "H100"), row("c", "H100-SXM-80GB"), row("d", "H200")].join("\n")}\n`,
    );
    assert.equal(status, 0);
    assert.equal(
      stderr,
      "gpu H100 is taken as H100-SXM-80GB; it may also be H100-PCIE-80GB or H100-NVL-94GB\n",
    );
    const [short, , full] = lines(stdout);
    assert.deepEqual({ ...short, id: "c" }, full);
  });

  it("names the nearest of an unknown model or GPU, in a line that can be read", () => {
    const csv = [GOOD.replace("3.3-70B", "3.3-71B"), GOOD.replace("H100-SXM-80GB", "V100")].join("\n");
    const { status, stdout } = predict(`${HEADER}\n${csv}\n`);
    assert.equal(status, 1);
    const [model, gpu] = lines(stdout);
    assert.match(model.error, /nearest are meta-llama\/Llama-3\.3-70B-Instruct, .*column model_config$/);
    assert.match(gpu.error, /nearest are H100-SXM-80GB, .*; `npx shardplan hardware` lists all$/);
  });

  it("takes models from a folder of config.json files, and refuses experts cut over other ranks than there are", () => {
    const config = {
      ...{ model_type: "mixtral", hidden_size: 4096, num_hidden_layers: 32, num_attention_heads: 32 },
      ...{ num_key_value_heads: 8, intermediate_size: 14_336, num_local_experts: 8, num_experts_per_tok: 2 },
      ...{ vocab_size: 32_000, max_position_embeddings: 32_768 },
    };
    mkdirSync(join(folder, "models", "somebody--mixture"), { recursive: true });
    writeFileSync(join(folder, "models", "somebody--mixture", "config.json"), JSON.stringify(config));
    const row = GOOD.replace("Llama-3.3-70B-Instruct,fp8", "somebody/mixture,bf16");
    writeFileSync(
      join(folder, "cases.csv"),
      `${HEADER},moe_tp,moe_ep\n${row},4,1\n${row.replace("good", "bad")},4,4\n`,
    );
    const { stdout } = runCli(["predict", "--models", "models", "cases.csv"], { cwd: folder });
    const [good, bad] = lines(stdout);
    assert.ok(good.ttft_ms_mean > 0, stdout);
    assert.match(bad.infeasible, /moe_tp 4 times moe_ep 4 is not tp 4 times attention_dp 1/);
    assert.match(predict(`${HEADER}\n${row}\n`).stdout, /no model \\"somebody\/mixture\\" in the catalogue/);
  });

  it("takes columns in any order, ignores unknown ones, and reads stdin", () => {
    const plain = predict(`${HEADER}\n${GOOD}\n`);
    const columns = HEADER.split(",").reverse().join(",");
    const cells = GOOD.split(",").reverse().join(",");
    const mixed = `\uFEFFnote,${columns}\r\n"a, b",${cells}\r\n\r\n`;
    assert.equal(predict(mixed).stdout, plain.stdout);
    assert.equal(runCli(["predict", "-"], { input: mixed }).stdout, plain.stdout);
  });

  it("answers the good rows and says what is wrong with the others: exit 1", () => {
    const bad = {
      "no-gpu": GOOD.replace("H100-SXM-80GB", "H999"),
      "no-model": GOOD.replace("Llama-3.3-70B-Instruct", "gpt-9"),
      nan: GOOD.replace(",512,", ",NaN,"),
      zero: GOOD.replace(",64,", ",0,"),
      negative: GOOD.replace(",512,", ",-5,"),
      engine: GOOD.replace("vLLM", "magic"),
      short: "x,vLLM",
    };
    const rows = Object.entries(bad).map(([id, row]) => row.replace(/^[^,]*/, id));
    const { status, stdout, stderr } = predict([HEADER, ...rows, GOOD, ""].join("\n"));
    assert.equal(status, 1);
    const results = lines(stdout);
    assert.deepEqual(
      results.map(({ id }) => id),
      [...Object.keys(bad), "good"],
    );
    for (const result of results.slice(0, -1)) assert.ok(result.error.length > 5, JSON.stringify(result));
    assert.ok(results.at(-1).ttft_ms_mean > 0, "not so: results.at(-1).ttft_ms_mean > 0");
    assert.match(results[0].error, /H999/);
    assert.match(results[2].error, /isl/);
    assert.match(results[6].error, /has 2 cells and the header names 11/);
    assert.equal(stderr.trimEnd().split("\n").length, 7);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });

  it("says why a case cannot run, which is an answer: exit 0", () => {
    // 141 GB of BF16 weights on one GPU of 80 GB.
    const { status, stdout } = predict(
      `${HEADER}\n${GOOD.replace("fp8", "bf16").replace(",4,512", ",1,512")}\n`,
    );
    const [result] = lines(stdout);
    assert.equal(status, 0);
    assert.deepEqual(Object.keys(result), ["id", "infeasible"]);
  });

  it("says when requests arrive faster than they can be served, and what could be", () => {
    const header = HEADER.replace("concurrency", "request_rate");
    const row = GOOD.replace("closed,4,12", "constant,400,200");
    const [result] = lines(predict(`${header}\n${row}\n`).stdout);
    assert.equal(result.stable, false);
    assert.ok(
      result.sustainable_request_rate > 0 && result.sustainable_request_rate < 400,
      `result.sustainable_request_rate: ${JSON.stringify(result.sustainable_request_rate)}`,
    );
  });

  it("names a row without an id by its number, and writes a file", () => {
    writeFileSync(join(folder, "cases.csv"), `${HEADER}\n${GOOD.replace("good", "")}\n`);
    const { status, stdout } = runCli(["predict", "cases.csv", "--out", "out.jsonl"], { cwd: folder });
    assert.deepEqual([status, stdout], [0, ""]);
    assert.equal(JSON.parse(readFileSync(join(folder, "out.jsonl"), "utf8")).id, "row 1");
  });

  it("refuses a file that is no table of cases in one line", () => {
    const cases: [string, RegExp][] = [
      ["", /^cases\.csv: is empty; /],
      [`${HEADER}\n`, /^cases\.csv: has no rows; /],
      [`id,id\na,b\n`, /^cases\.csv: names the column id twice; /],
      [`${HEADER}\n"a,b\n`, /^cases\.csv: is not CSV: /],
    ];
    for (const [csv, line] of cases) {
      const { status, stdout, stderr } = predict(csv);
      assert.match(stderr, line);
      assert.deepEqual([status, stdout, stderr.trimEnd().split("\n").length], [1, "", 1]);
    }
    assert.match(runCli(["predict", "none.csv"], { cwd: folder }).stderr, /^none\.csv: no such file; /);
  });
});
