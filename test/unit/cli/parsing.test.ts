import assert from "node:assert/strict";
import fc from "fast-check";
import { barPlot } from "../../../lib/cli/bar-plot";
import { parseParam } from "../../../lib/cli/parse-param";
import { parseStrategy, strategyOverrides } from "../../../lib/cli/parse-strategy";
import { alignedTable, csvTable } from "../../../lib/cli/text-table";
import { parseDeployment, UserError } from "../../../lib/config";
import { strategyLabel } from "../../../lib/strategy";

describe("a strategy on the command line", () => {
  it("pins all five degrees; those it does not name are 1", () => {
    const { objective: _, ...degrees } = parseDeployment({}, parseStrategy("tp4dp2")).strategy;
    assert.deepEqual(degrees, {
      tensorParallel: 4,
      pipelineParallel: 1,
      dataParallel: 2,
      expertParallel: 1,
      sequenceParallel: 1,
    });
  });

  it("may be written with capitals and separators, or left to the planner", () => {
    assert.deepEqual(parseStrategy("TP4 x DP2"), parseStrategy("tp4dp2"));
    assert.deepEqual(parseStrategy("TP4 x2"), parseStrategy("tp4dp2"));
    assert.deepEqual(parseStrategy("dp2-tp4"), parseStrategy("tp4dp2"));
    assert.equal(parseDeployment({}, parseStrategy("auto")).strategy.tensorParallel, "auto");
  });

  it("conflicts with a --set of a degree, and goes with any other", () => {
    for (const set of ["strategy.tensorParallel=4", "shardplan:strategy.dataParallel=2", "strategy={}"])
      assert.throws(
        () => strategyOverrides([set], ["tp8"]),
        (error) =>
          error instanceof UserError && error.line.startsWith(`--strategy tp8: --set ${set} gives the same`),
      );
    assert.equal(strategyOverrides(["strategy.objective=cost"], ["tp8"]).length, 6);
    assert.deepEqual(strategyOverrides(["strategy.tensorParallel=4"], []), ["strategy.tensorParallel=4"]);
  });

  it("is refused when it is anything else", () => {
    for (const text of ["", "8", "tp", "tp0", "tp4tp2", "tp4foo", "zp3", "tp4 2", "tp4 x", "x"]) {
      assert.throws(() => parseStrategy(text), UserError, text);
    }
  });

  it("reads back what reports print", () => {
    const degree = fc.integer({ min: 1, max: 64 });
    fc.assert(
      fc.property(degree, degree, degree, degree, degree, (tp, pp, dp, ep, sp) => {
        const strategy = {
          tensorParallel: tp,
          pipelineParallel: pp,
          dataParallel: dp,
          expertParallel: ep,
          sequenceParallel: sp,
        };
        const { objective: _, ...parsed } = parseDeployment(
          {},
          parseStrategy(strategyLabel({ ...strategy, gpus: tp * pp * dp })),
        ).strategy;
        assert.deepEqual(parsed, strategy);
      }),
    );
  });
});

describe("the parameter of a sweep", () => {
  const values = (text: string) => parseParam(`k=${text}`).values;

  it("is a list, with ranges", () => {
    assert.deepEqual(parseParam("workload.requestRate=2, 4,8"), {
      key: "workload.requestRate",
      values: ["2", "4", "8"],
    });
    assert.deepEqual(values("1..3"), ["1", "2", "3"]);
    assert.deepEqual(values("0.1..0.3:0.1"), ["0.1", "0.2", "0.3"]);
    assert.deepEqual(values("1,4..8:2,auto"), ["1", "4", "6", "8", "auto"]);
  });

  it("keeps groups and lists whole", () => {
    assert.deepEqual(values("{kind: fixed, tokens: 5},[a, b]"), ["{kind: fixed, tokens: 5}", "[a, b]"]);
  });

  it("is refused without a key, without values, with a range that falls, and with too many values", () => {
    for (const text of ["x", "=1", "k=", "k=1,,2", "k=3..1", "k=1..2:0", "k=1..100000"]) {
      assert.throws(() => parseParam(text), UserError, text);
    }
  });
});

describe("tables and bars", () => {
  it("align numbers right and text left", () => {
    assert.equal(
      alignedTable(
        ["name", "n"],
        [
          ["a", "10"],
          ["bcdef", "-"],
        ],
      ),
      ["name    n", "-----  --", "a      10", "bcdef   -", ""].join("\n"),
    );
  });

  it("quote CSV cells that need it", () => {
    assert.equal(csvTable(["a"], [['x,"y"']]), 'a\n"x,""y"""\n');
  });

  it("draw a bar up to its value, the target as a line, and mark what is beyond it", () => {
    // Width 42 leaves 16 columns for bars; the scale ends at 40, so 20 is half of them and the target of 30 stands at 12.
    const plot = barPlot(
      {
        title: "t",
        bars: [
          { label: "ab", value: 20 },
          { label: "c", value: 40 },
        ],
        limit: 30,
      },
      42,
    );
    assert.deepEqual(plot.split("\n"), [
      "t (│ target 30.0)",
      "  ab ████████    │       20.0",
      "   c ████████████│███    40.0  misses",
      "",
    ]);
  });
});
