import assert from "node:assert/strict";
import { TimeHistogram } from "../../../../lib/performance/simulation/time-histogram";

describe("percentiles over time", () => {
  it("names the level that is not exceeded for a share of the time, however short the peaks", () => {
    const levels = new TimeHistogram(10);
    levels.add(2, 500);
    levels.add(5, 491);
    levels.add(10, 9);
    assert.deepEqual([levels.at(0.5), levels.at(0.99), levels.at(1)], [2, 5, 10]);
  });

  it("says nothing of no time", () => {
    assert.ok(Number.isNaN(new TimeHistogram(3).at(0.99)), "no time was spent");
  });
});
