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
      /As 4 servers of their own, each with --data-parallel-size 1 .*--no-enable-expert-parallel, these machines/,
    );
  });
});
