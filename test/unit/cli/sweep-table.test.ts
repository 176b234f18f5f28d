import assert from "node:assert/strict";
import { sweepRow } from "../../../lib/cli/sweep-row";
import { sweepTable, sweepTableNotes } from "../../../lib/cli/sweep-table";
import { fixturePlan } from "../report/fixture-plan";

describe("the table of a sweep", () => {
  const checks = ["decode-p99", "gpu-utilization", "request-rate"];
  const violations = checks.map((check) => ({ check, requirement: "", value: "", sentence: "", change: "" }));
  const rows = ["meta-llama/Llama-3.1-405B-Instruct", "Qwen/Qwen3-8B"].map((value) =>
    sweepRow(value, fixturePlan({ violations })),
  );
  const at = (width: number, shown = rows) => ({ param: { key: "model.name" }, rows: shown, width });

  it("leaves columns out rather than break a row, and says which", () => {
    for (const width of [60, 80, 100]) {
      const lines = sweepTable(at(width)).trimEnd().split("\n");
      assert.equal(lines.length, 2 + rows.length, `${width} columns`);
      assert.deepEqual(
        lines.filter((line) => line.length > width),
        [],
        `${width} columns`,
      );
    }
    assert.match(sweepTableNotes(at(80)).join(" "), /No room for TTFT p50, dec\. p50, tok\/s\/GPU/);
    assert.match(sweepTable(at(80)), /TTFT p99 +dec\. p99 +rate\/s/);
  });

  it("leaves nothing out where all have room", () => {
    const short = [sweepRow("8", fixturePlan())];
    assert.doesNotMatch(sweepTableNotes(at(100, short)).join(" "), /No room/);
    assert.match(sweepTable(at(100, short)), /TTFT p50.*\$\/M +misses/);
  });
});
