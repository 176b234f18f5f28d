import assert from "node:assert/strict";
import { QUICK, runCli } from "./run-cli";

describe("shardplan recommend", function () {
  this.timeout(240_000);

  it("names the cheapest machines, and the command that confirms them passes", () => {
    const args = ["recommend", "Qwen/Qwen3-8B", "--rate", "2", ...QUICK];
    const { status, stdout, stderr } = runCli([...args, "--json"]);
    assert.equal(status, 0, stderr);
    const { recommendations } = JSON.parse(stdout);
    const prices = recommendations.map(({ usdPerHour }: { usdPerHour: number }) => usdPerHour);
    assert.deepEqual(
      prices,
      [...prices].sort((a, b) => a - b),
    );
    const [, ...plan] = recommendations[0].confirm.split(" ");
    const confirmed = runCli(plan);
    assert.equal(confirmed.status, 0, confirmed.stdout);
    assert.match(confirmed.stdout, new RegExp(recommendations[0].instanceType));
  });
  it("says in one line what is wrong with its options", () => {
    const said = (...options: string[]) => runCli(["recommend", "Qwen/Qwen3-8B", ...options]).stderr;
    assert.match(said("--users", "4"), /the load is --rate, or --users with --tokens-per-second/);
    assert.match(said("--price", "p5.48xlarge=free"), /--price p5.48xlarge free: must be a number above 0/);
  });
});
