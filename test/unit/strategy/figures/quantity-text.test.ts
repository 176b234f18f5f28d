import assert from "node:assert/strict";
import {
  countText,
  excessText,
  gbText,
  msText,
  percentText,
  rateText,
} from "../../../../lib/strategy/figures/quantity-text";

describe("a quantity in a sentence", () => {
  it("has its unit, few digits and separated thousands", () => {
    assert.equal(msText(12.34), "12.3 ms");
    assert.equal(msText(350.2), "350 ms");
    assert.equal(msText(1234), "1,234 ms");
    assert.equal(msText(12_340), "12.3 s");
    assert.equal(msText(Number.NaN), "not reached");
    assert.equal(gbText(141_107_412_992), "141.1 GB");
    assert.equal(gbText(80e9), "80 GB");
    assert.equal(gbText(4_500_000), "4.5 MB");
    assert.equal(percentText(0.3694), "36.9 %");
    assert.equal(rateText(8), "8 requests/s");
    assert.equal(rateText(13.527), "13.53 requests/s");
    assert.equal(countText(1_290_064), "1,290,064");
  });

  it("compares in words", () => {
    assert.equal(excessText(1.254), "25.4 % more than");
    assert.equal(excessText(3.14), "3.1 times");
  });
});
