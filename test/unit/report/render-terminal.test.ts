import assert from "node:assert/strict";
import { renderReport } from "../../../lib/report";
import { deploymentCommands, PLACEHOLDER_ADDRESSES, vllmUnit } from "../../../lib/serving";
import { strategyLabel } from "../../../lib/strategy";
import { fixturePlan } from "./fixture-plan";
import { failingPlan, fullOptions, stackPlan } from "./stack-plan";

const plain = { color: false, width: 100 };

describe("the terminal report", function () {
  this.timeout(120_000);

  it("keeps prose and tables within any width from 80 on; code lines stand indented", () => {
    for (const width of [80, 97, 140]) {
      const lines = renderReport(stackPlan("prod"), "terminal", { ...fullOptions("prod"), width }).split(
        "\n",
      );
      assert.deepEqual(
        lines.filter((line) => line.length > width && !line.startsWith("  ")),
        [],
      );
    }
  });

  it("has colour codes only when asked, and says the same without them", () => {
    const codes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
    const without = renderReport(fixturePlan(), "terminal", plain);
    const colored = renderReport(fixturePlan(), "terminal", { ...plain, color: true });
    assert.doesNotMatch(without, codes);
    assert.match(colored, codes);
    assert.equal(colored.replaceAll(codes, ""), without);
  });

  it("draws memory to scale: 17.5 of 80 GB are 21 or 22 of 98 cells", () => {
    const bar = renderReport(fixturePlan(), "terminal", plain)
      .split("\n")
      .find((line) => /^\[█+/.test(line));
    assert.equal(bar?.length, 100);
    const weights = /█+/.exec(bar ?? "")?.[0].length ?? 0;
    assert.ok(weights === 21 || weights === 22, `${weights} cells`); // 17.5 / 80 x 98 = 21.4
  });

  it("marks the plan's own point in the Pareto plot and the one that misses a target", () => {
    const text = renderReport(fixturePlan(), "terminal", plain);
    assert.match(text, /TP8 ◆|◆ TP8/);
    assert.match(text, /TP4 x2 ×|× TP4 x2/);
  });

  it("keeps every line within 100 columns, commands included", () => {
    for (const stack of ["prod", "dev"]) {
      const lines = renderReport(stackPlan(stack), "terminal", fullOptions(stack)).split("\n");
      assert.deepEqual(
        lines.filter((line) => line.length > 100),
        [],
      );
    }
  });

  it("says how much is missing where the weights leave no room for a KV cache", () => {
    const text = renderReport(failingPlan(), "terminal", plain);
    assert.match(text, /KV cache that vLLM takes +none, [\d.]+ GB short/);
    assert.doesNotMatch(text, / -\d+\.\d+ GB \(/);
  });

  it("says what a GPU holds of the experts: whole ones with expert parallelism, else a slice of each", () => {
    const moe = ["model.name=mistralai/Mixtral-8x7B-Instruct-v0.1", "workload.simulatedRequests=100"];
    const held = (expertParallel: number) =>
      renderReport(
        stackPlan("prod", [...moe, `strategy.expertParallel=${expertParallel}`]),
        "terminal",
        plain,
      ).replaceAll(/\s+/g, " ");
    assert.match(
      held(1),
      /Each GPU holds of its layers 4 attention heads, 1 key\/value head, 1,792 columns of each/,
    ); // 14336 / 8
    assert.match(
      held(8),
      /Each GPU holds of its layers 4 attention heads, 1 key\/value head, 1 whole expert of 8/,
    );
  });

  it("does not look for the price of someone's own hosts in a catalogue", () => {
    assert.match(
      renderReport(stackPlan("byo"), "terminal", plain),
      /What your own hosts cost is not known; set cost\./,
    );
  });

  it("lists a source once, whether it is cited with or without its date", () => {
    const text = renderReport(stackPlan("prod"), "terminal", plain);
    const sources = text.slice(text.indexOf("── Sources of the figures"));
    assert.equal(sources.match(/Llama3_70BModelConfig/g)?.length, 1);
  });

  it("prints the commands that the services run, to the letter", () => {
    const joined = renderReport(stackPlan("prod"), "terminal", plain)
      .replaceAll(/ \\\n +/g, " ")
      .replaceAll(/,\n +"/g, ',"');
    const { rayHead, vllm, verification } = deploymentCommands(stackPlan("prod"));
    for (const command of [rayHead, vllm, verification])
      assert.ok(command && joined.includes(command), command);
    const unit = vllmUnit(stackPlan("prod"), PLACEHOLDER_ADDRESSES);
    const started = /^ExecStart=\S+\/(vllm serve .*)$/m.exec(unit)?.[1];
    assert.ok(started && joined.includes(started), started);
  });

  it("says of a plan that cannot run what does not fit, and prints no figure that nobody computed", () => {
    const text = renderReport(failingPlan(), "terminal", plain);
    assert.match(text, /✗ TP1 x8 cannot run/);
    assert.match(text, /This is not deployed, because the plan fails/);
    assert.match(text, /What fails\nwhat does not hold +what can be changed\nEach GPU would have to hold/);
    assert.doesNotMatch(text, /NaN|Infinity|undefined|null/);
  });

  it("asks no rate of traffic that adapts to the service", () => {
    const text = renderReport(fixturePlan({}, { workload: { arrivals: "closed" } }), "terminal", plain);
    assert.match(text, /Served +8 requests\/s/);
    assert.doesNotMatch(text, /asked|Sustainable rate|requested rate/);
  });

  it("names every candidate with a reason, those that share one in a line", () => {
    const plan = stackPlan("prod");
    const text = renderReport(plan, "terminal", plain);
    const section = text.slice(text.indexOf("── Alternatives"), text.indexOf("── Verification"));
    const list = section.slice(section.indexOf("What speaks against"));
    const words = list.replaceAll(/\s+/g, " ");
    for (const { strategy } of plan.candidates) {
      const name = strategyLabel(strategy);
      const isNamed = new RegExp(`^${name} {2,}[A-Z]`, "m").test(list) || words.includes(` ${name},`);
      assert.ok(isNamed || words.includes(` ${name} cannot run.`) || name === "TP8", `${name} in ${list}`);
    }
    assert.match(words, / 6 others vLLM [\d.]+ has no sequence parallelism, so SP has to be 1\. Therefore/);
    assert.equal(list.match(/^TP/gm)?.length, plan.candidates.length - 7);
  });

  it("breaks no row of the table of strategies at 80 columns", () => {
    const plan = stackPlan("prod");
    const text = renderReport(plan, "terminal", { ...plain, width: 80, sections: ["alternatives"] });
    const table = text.slice(text.indexOf("strategy  "), text.indexOf("sources:"));
    const runnable = plan.candidates.filter(({ feasible }) => feasible).length;
    assert.equal(table.trimEnd().split("\n").length, 1 + runnable);
  });

  it("shows the sections that are asked for, with the verdict and their own sources", () => {
    const text = renderReport(stackPlan("prod"), "terminal", { ...plain, sections: ["memory", "cost"] });
    const titles = [...text.matchAll(/^── (.*?) ─/gm)].map(([, title]) => title);
    assert.deepEqual(titles, ["Memory distribution", "Cost", "Sources of the figures"]);
    assert.match(text, /✓ TP8 meets all/);
    const cited = new Set([...text.matchAll(/ \[(\d+)\]$/gm)].map(([, number]) => number));
    assert.equal([...text.matchAll(/^\[\d+\] /gm)].length, cited.size);
  });
});
