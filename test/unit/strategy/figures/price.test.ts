import assert from "node:assert/strict";
import { price, usdPerMillionTokens } from "../../../../lib/strategy/figures/price";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment } from "../a-deployment";

describe("the cost", () => {
  it("of one p5.48xlarge at 1248 tokens/s is 12.25 USD per million output tokens", () => {
    const cost = price(readSituation(aDeployment()), 1248);
    assert.equal(cost.usdPerHour, 55.04);
    assert.equal(cost.usdPerMonth, 55.04 * 730);
    // 55.04 USD / (1248 x 3600 tokens) x 10^6
    assert.equal(cost.usdPerMillionOutputTokens?.toFixed(2), "12.25");
    assert.match(cost.priceSource, /2026-07-20/);
  });

  it("takes the config's price, for every node", () => {
    const cost = price(
      readSituation(aDeployment({ cost: { priceUsdPerHour: 40 }, hardware: { nodes: 2 } })),
      100,
    );
    assert.equal(cost.usdPerHour, 80);
    assert.match(cost.priceSource, /cost.priceUsdPerHour/);
  });

  it("is left out without a price, and says which key gives one", () => {
    const cost = price(readSituation(aDeployment({ hardware: { instanceType: "p5e.48xlarge" } })), 100);
    assert.equal(cost.usdPerHour, undefined);
    assert.equal(cost.usdPerMillionOutputTokens, undefined);
    assert.match(cost.priceSource, /set cost.priceUsdPerHour/);
  });

  it("of someone's own hosts is theirs to say", () => {
    const hosts = [{ address: "10.0.0.1", hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==" }];
    assert.equal(price(readSituation(aDeployment({ hosts })), 100).usdPerHour, undefined);
    const told = price(readSituation(aDeployment({ hosts, cost: { priceUsdPerHour: 9 } })), 100);
    assert.equal(told.usdPerHour, 9);
  });

  it("of no output is not known", () => {
    assert.equal(usdPerMillionTokens(55, 0), undefined);
    assert.equal(usdPerMillionTokens(55, Number.NaN), undefined);
  });
});
