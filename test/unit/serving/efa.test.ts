import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { findInstanceType } from "../../../lib/catalog";
import { readStackFile } from "../../../lib/config";
import { networkInterfaces, rayWorkerUnit, usesEfa } from "../../../lib/serving";
import { type Plan, plan } from "../../../lib/strategy";

const EXAMPLES = join(__dirname, "../../../examples");

const interfacesOf = (name: string) => networkInterfaces({ instance: findInstanceType(name) });
const places = (name: string) =>
  interfacesOf(name).map((one) => `${one.networkCardIndex}/${one.deviceIndex} ${one.interfaceType}`);

describe("EFA's network interfaces", () => {
  it("are on a p5.48xlarge 32 EFA and one ENA device, as AWS's own example asks for", () => {
    const all = places("p5.48xlarge");
    assert.deepEqual(all.slice(0, 3), ["0/0 interface", "0/1 efa-only", "1/0 efa-only"]);
    assert.equal(all.length, 33);
    assert.equal(all.at(-1), "31/0 efa-only");
    assert.equal(new Set(all).size, all.length);
  });

  it("leave out the first card of a p6-b300, which has no EFA", () => {
    const all = places("p6-b300.48xlarge");
    assert.deepEqual(all.slice(0, 2), ["0/0 interface", "1/0 efa-only"]);
    assert.equal(all.length, 17);
  });
});

describe("EFA", () => {
  const spanning = plan(readStackFile(join(EXAMPLES, "llama-3.1-405b-2xp5.yaml")));
  /** The same over another network, or of another strategy. */
  const changed = (network: "efa" | "tcp", strategy = {}): Plan => ({
    ...spanning,
    strategy: { ...spanning.strategy, ...strategy },
    deployment: {
      ...spanning.deployment,
      hardware: { ...spanning.deployment.hardware, network },
    },
  });

  it("is used where a server spans hosts, and nowhere else", () => {
    assert.ok(usesEfa(spanning), "spans two hosts");
    assert.ok(!usesEfa(changed("efa", { pipelineParallel: 1, dataParallel: 2 })), "a replica on each host");
    assert.ok(!usesEfa(changed("tcp")), "over TCP");
  });

  it("has NCCL find AWS's plugin in Ray's workers", () => {
    const addresses = { head: "10.0.0.1", node: "10.0.0.2", networkInterface: "ens32" };
    const unit = rayWorkerUnit(spanning, addresses);
    assert.match(
      unit,
      /^Environment="LD_LIBRARY_PATH=\/opt\/amazon\/ofi-nccl\/lib.*:\/opt\/amazon\/efa\/lib"$/m,
    );
    assert.match(unit, /^LimitMEMLOCK=infinity$/m);
    assert.doesNotMatch(rayWorkerUnit(changed("tcp"), addresses), /LD_LIBRARY_PATH/);
  });
});

describe("the examples over EFA", function () {
  this.timeout(120_000);
  for (const name of readdirSync(EXAMPLES).filter((file) => file.endsWith(".yaml"))) {
    it(`have a plan that passes on two hosts: ${name}`, () => {
      const found = plan(readStackFile(join(EXAMPLES, name)));
      assert.deepEqual(
        found.checks.filter(({ pass }) => !pass).map(({ id }) => id),
        [],
      );
      assert.equal(found.deployment.hardware.network, "efa");
      assert.ok(usesEfa(found), "a server spans hosts");
    });
  }
});
