import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderScreen } from "../../../lib/report";
import { buildScreen } from "../../../lib/report/screen/build-screen";
import { MOST_LINES } from "../../../lib/report/screen/render-screen";
import { painter } from "../../../lib/report/terminal/paint";
import { textTable } from "../../../lib/report/terminal/text-table";
import { findRemedies, type Plan, type Remedy } from "../../../lib/strategy";
import { fixturePlan, fixtureStrategy } from "./fixture-plan";
import { failingPlan, stackPlan } from "./stack-plan";

const FOLDER = join(__dirname, "../../golden/screen");
const UPDATE = "UPDATE_GOLDEN=1 npx mocha test/unit/report/render-screen.test.ts";

/** Plans of every kind that a screen may have to show. */
const PLANS: Readonly<Record<string, () => Plan>> = {
  prod: () => stackPlan("prod"),
  dev: () => stackPlan("dev"),
  failing: failingPlan,
  overloaded: () => stackPlan("prod", ["workload.requestRate=16"]),
  missing: () => stackPlan("prod", ["slo.decode.p99Ms=20"]),
  "missing-many": () =>
    stackPlan("prod", ["slo.decode.p50Ms=1", "slo.firstToken.p50Ms=20", "slo.prefill.p99Ms=100"]),
  "own-hosts": () => stackPlan("byo"),
  experts: () =>
    stackPlan("prod", ["model.name=mistralai/Mixtral-8x7B-Instruct-v0.1", "workload.simulatedRequests=100"]),
  closed: () => stackPlan("prod", ["workload.arrivals=closed", "workload.concurrency=32"]),
  "one-token": () =>
    stackPlan("prod", ["workload.outputTokens={kind: fixed, tokens: 1}", "workload.simulatedRequests=100"]),
};
const GOLDEN = ["prod", "dev", "failing", "overloaded"];

const remedy = (nodes: number): Remedy => ({
  settings: [
    { key: "hardware.nodes", value: nodes },
    { key: "strategy.tensorParallel", value: 8 },
    { key: "strategy.pipelineParallel", value: 1 },
    { key: "strategy.dataParallel", value: nodes },
    { key: "serving.maxNumBatchedTokens", value: 8192 },
  ],
  strategy: fixtureStrategy(8, nodes),
  usdPerHour: 55.04 * nodes,
});

const made = new Map<string, { readonly plan: Plan; readonly remedies: readonly Remedy[] }>();

function screenOf(name: string, width: number, color = false): string {
  const known = made.get(name);
  const plan = known?.plan ?? PLANS[name]?.() ?? assert.fail(name);
  // The search takes seconds: only what a golden file holds is searched for, the others get three long lines.
  const remedies = known?.remedies ?? (GOLDEN.includes(name) ? findRemedies(plan) : [2, 3, 4].map(remedy));
  made.set(name, { plan, remedies });
  return renderScreen(plan, { color, width, remedies });
}

describe("the plan on one screen", function () {
  this.timeout(300_000);

  for (const name of GOLDEN) {
    it(`says of the ${name} plan what it said before`, () => {
      const file = join(FOLDER, `${name}.txt`);
      const text = screenOf(name, 80);
      if (process.env.UPDATE_GOLDEN === "1") {
        mkdirSync(FOLDER, { recursive: true });
        writeFileSync(file, text);
      }
      assert.ok(existsSync(file), `${file} is missing; write it with ${UPDATE}`);
      assert.equal(text, readFileSync(file, "utf8"), `if that is meant: ${UPDATE}`);
    });
  }

  for (const name of Object.keys(PLANS)) {
    it(`keeps within ${MOST_LINES} lines and the width of the terminal, and breaks no row of a table: ${name}`, () => {
      for (const width of [80, 120]) {
        const lines = screenOf(name, width).trimEnd().split("\n");
        assert.ok(lines.length <= MOST_LINES, `${lines.length} lines at ${width} columns`);
        assert.deepEqual(
          lines.filter((line) => line.length > width),
          [],
        );
        const { figures, strategies } = buildScreen(made.get(name)?.plan ?? assert.fail(name), undefined);
        for (const { columns, rows } of [figures, strategies]) {
          const drawn = textTable({ columns, rows, width }, painter(false));
          assert.equal(drawn.length, rows.length + 1, `rows of ${name} at ${width} columns`);
        }
      }
      assert.doesNotMatch(screenOf(name, 80), /NaN|undefined|Infinity/);
    });
  }

  it("says the same with and without colour", () => {
    const codes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
    for (const name of ["prod", "failing", "overloaded"]) {
      const colored = screenOf(name, 80, true);
      assert.match(colored, codes);
      assert.equal(colored.replaceAll(codes, ""), screenOf(name, 80));
    }
  });

  it("has a row for each missed figure, the worst miss first, before those that hold", () => {
    const rows = screenOf("missing-many", 80).match(/^.* [✓✗] *$/gm) ?? [];
    const marks = rows.filter((row) => /<=|>=/.test(row)).map((row) => row.trimEnd().at(-1));
    const missed = rows.slice(0, marks.lastIndexOf("✗") + 1).map((row) => row.split(/ {2,}/)[0]);
    assert.ok(!marks.slice(0, missed.length).includes("✓"), rows.join("\n"));
    // 12.3 ms of 1 ms, 109 ms of 20 ms, 221 ms of 100 ms.
    assert.deepEqual(missed, ["Sustainable rate", "Decode p50", "First token p50", "Prefill p99"]);
  });

  it("says that a strategy which cannot run was set, and what the price is held for", () => {
    assert.match(screenOf("failing", 600), /sets this strategy; --strategy auto lets shardplan choose\./);
    assert.match(
      screenOf("prod", 600),
      /at 8 requests\/s, for prompts of 1,155 and answers of 156 tokens in the mean\./,
    );
  });

  it("shows no latency and no price of a million tokens of an overloaded plan", () => {
    const text = screenOf("overloaded", 80);
    const own = text.split("\n").find((line) => line.startsWith("TP8 "));
    assert.match(own ?? "", /✗ this plan +- +- /);
    assert.doesNotMatch(text, /per million|First token p99|Decode p99/);
    assert.match(text, /serves at most [\d.]+ requests\/s,\s[\d.]+\sshort/);
  });

  it("holds no gap between tokens against a target where outputs have one token", () => {
    const text = screenOf("one-token", 80);
    assert.match(text, /✓ TP8 meets all/);
    assert.doesNotMatch(text, /✗ *$|Decode p99/m);
  });

  it("puts this plan first, then the one that the planner would choose", () => {
    const plan = fixturePlan({
      recommendation: { strategy: fixtureStrategy(4, 2), sentence: "it is recommended" },
    });
    const rows = renderScreen(plan, { color: false, width: 80 })
      .split("\n")
      .filter((line) => /^TP/.test(line));
    assert.deepEqual(
      rows.map((row) => row.split(/ {2,}/)[0]),
      ["TP8", "TP4 x2", "TP1 x8"],
    );
  });

  it("folds strategies that cannot run into one sentence with the reason", () => {
    assert.match(
      screenOf("prod", 120).replaceAll(/\s+/g, " "),
      /9 cannot run: 6 because vLLM 0\.33\.0 has no sequence parallelism, 3 for lack of memory\./,
    );
  });

  it("says how many changes there are when not all have room, and shows whole ones", () => {
    const remedies = [2, 3, 4, 5, 6].map(remedy);
    const text = renderScreen(failingPlan(), { color: false, width: 80, remedies });
    assert.ok(text.trimEnd().split("\n").length <= MOST_LINES, `MOST_LINES: ${MOST_LINES}`);
    assert.match(text, /\(\d of 5; `verification` has all\):/);
    assert.match(text, /serving\.maxNumBatchedTokens=8192/);
    assert.doesNotMatch(text, /--set$/m);
  });

  it("says so when nothing that was tried passes, and what might help when nothing was tried", () => {
    const plain = { color: false, width: 80 };
    assert.match(
      renderScreen(failingPlan(), { ...plain, remedies: [] }),
      /No change that was tried makes it pass\./,
    );
    assert.match(
      renderScreen(failingPlan(), plain),
      /What might help; nothing was tried:\n- raise strategy\./,
    );
  });
});
