import assert from "node:assert/strict";
import * as format from "../../../lib/report/format-number";

describe("format-number", () => {
  it("keeps three significant digits and no zeros that say nothing", () => {
    assert.equal(format.significant(12.345), "12.3");
    assert.equal(format.significant(8), "8");
    assert.equal(format.significant(1248), "1,248");
    assert.equal(format.significant(0.05678), "0.0568");
    assert.equal(format.significant(0), "0");
  });

  it("says which giga a memory size is in", () => {
    // 8 x 2^30 = 8,589,934,592 bytes: 8 GiB, or 8.59 GB.
    assert.equal(format.bytes(2 ** 33), "8.59 GB");
    assert.equal(format.gibibytes(2 ** 33), "8.00 GiB");
    assert.equal(format.bytes(32_768), "32.8 kB");
  });

  it("says one request a second in the singular, in every format", () => {
    assert.equal(format.rateText(1), "1 request/s");
    assert.equal(format.rateText(1.25), "1.25 requests/s");
    assert.equal(format.rateText(0.9999), "1 request/s");
    assert.equal(format.withUnit(1, "requests/s"), "1 request/s");
  });

  it("turns milliseconds into seconds from ten seconds on", () => {
    assert.equal(format.milliseconds(6.42), "6.4 ms");
    assert.equal(format.milliseconds(350.4), "350 ms");
    assert.equal(format.milliseconds(59_200), "59.2 s");
  });

  it("prints what is no number as not known, never as NaN", () => {
    for (const print of [format.significant, format.milliseconds, format.bytes, format.percent, format.usd]) {
      assert.equal(print(Number.NaN), "not known");
    }
  });

  it("gives margins their sign, in the check's unit", () => {
    assert.equal(format.marginWithUnit(31.8, "ms"), "+31.8 ms");
    assert.equal(format.marginWithUnit(-0.25, "share"), "-25 points");
    assert.equal(format.marginWithUnit(17, "sequences"), "+17 sequences");
    assert.equal(format.marginWithUnit(1, "sequences"), "+1 sequence");
  });

  it("says durations as people do", () => {
    assert.equal(format.duration(45), "45 s");
    assert.equal(format.duration(854), "14 min");
    assert.equal(format.duration(5400), "1.5 h");
  });
});
