import assert from "node:assert/strict";
import fc from "fast-check";
import { bySpecificity, matchesFigure } from "../../../lib/report/explain/match-figure";

const segments = fc.array(fc.stringMatching(/^[a-z0-9]{1,6}$/), { minLength: 1, maxLength: 5 });

describe("matchesFigure", () => {
  it("matches a figure with itself, and with any of its segments starred", () => {
    fc.assert(
      fc.property(segments, fc.nat(), (path, at) => {
        const starred = path.map((segment, index) => (index === at % path.length ? "*" : segment));
        return (
          matchesFigure(path.join("."), path.join(".")) && matchesFigure(starred.join("."), path.join("."))
        );
      }),
    );
  });

  it("lets a star stand for one segment and two stars for one or more", () => {
    assert.equal(matchesFigure("latency.*", "latency.decode.p99Ms"), false);
    assert.equal(matchesFigure("latency.**", "latency.decode.p99Ms"), true);
    assert.equal(matchesFigure("latency.**", "latency"), false);
  });

  it("asks the pattern that says more first", () => {
    const patterns = ["**", "a.*.*", "a.**", "a.b.*", "a.b.c"];
    assert.deepEqual([...patterns].sort(bySpecificity), ["a.b.c", "a.b.*", "a.*.*", "**", "a.**"]);
  });
});
