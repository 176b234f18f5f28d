import assert from "node:assert/strict";
import { checkScreen } from "../../../lib/report";
import { checkLine, readMachines, readServeLine } from "../../../lib/serving";

/** Lines of a terminal that was never enlarged. */
const MOST_LINES = 25;

describe("the screen of a checked line", function () {
  this.timeout(60_000);

  function screen(args: string, width: number, set: readonly string[] = []): string[] {
    const line = readServeLine(args.split(" "), "0.33.0");
    const machines = readMachines("p5.48xlarge", { nodes: 1, wanted: 1 });
    const text = checkScreen(checkLine({ line, version: "0.33.0", machines, set }), { color: false, width });
    return text.trimEnd().split("\n");
  }

  const load = ["workload.requestRate=8", "workload.simulatedRequests=100"];
  for (const [args, set] of [
    ["Qwen/Qwen3-8B", []],
    ["meta-llama/Llama-3.3-70B-Instruct -tp 8 --max-model-len 32768", load],
    ["meta-llama/Llama-3.3-70B-Instruct -tp 1", []],
  ] as const) {
    for (const width of [80, 100]) {
      it(`has room in ${width} columns: ${args} ${set.join(" ")}`, () => {
        const lines = screen(args, width, set);
        assert.ok(lines.length <= MOST_LINES, `${lines.length} lines:\n${lines.join("\n")}`);
        assert.deepEqual(
          lines.filter((each) => each.length > width),
          [],
        );
      });
    }
  }

  it("says that replicas have to be servers of their own where that is what the plan gains by", () => {
    const few = ["workload.requestRate=8", "workload.simulatedRequests=100"];
    const spread = "Qwen/Qwen3-30B-A3B -tp 2 -dp 4 --enable-expert-parallel";
    const text = screen(spread, 400, few).join("\n");
    assert.match(
      text,
      /As 8 servers of their own, each with --tensor-parallel-size 1 --data-parallel-size 1 .*--no-enable-expert-parallel, these machines/,
    );
    assert.match(text, /this line +goodput plan +target/);
  });

  it("names the worst miss first, how many more there are, and marks each in the table", () => {
    const slow = ["workload.requestRate=8", "workload.simulatedRequests=100"];
    const targets = [
      "slo.decode.p50Ms=1",
      "slo.decode.p99Ms=40",
      "slo.firstToken.p50Ms=2",
      "slo.firstToken.p99Ms=40",
    ];
    const lines = screen("Qwen/Qwen3-8B", 400, [
      ...slow,
      ...targets,
      "slo.prefill.p50Ms=1",
      "slo.prefill.p99Ms=39",
    ]);
    const said = lines.find((line) => line.startsWith("✗")) ?? "";
    assert.match(said, /it misses request rate \(.*, and \d more\.$/);
    const marked = lines.filter((line) => line.endsWith("✗")).join("\n");
    for (const figure of ["First token p50", "Decode p50", "Prefill p50"])
      assert.ok(marked.includes(figure), marked);
  });

  it("tells of a line that does not start nothing that vLLM would not log, and counts one idle GPU as one", () => {
    const text = screen("Qwen/Qwen3-32B -tp 7", 400).join("\n");
    assert.match(text, /✗ It does not start/);
    assert.doesNotMatch(text, /as vLLM logs it|Maximum concurrency/);
    assert.match(text, /1 of the 8 GPUs stays idle\./);
  });
});
