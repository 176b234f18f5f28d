import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { type Engine, openEngine } from "../../rehearsal/engine";
import { rehearsalStack } from "../../rehearsal/rehearsal-stack";
import { type FakeHost, newKeyPair, openFakeHost } from "./fake-host";

/** Steps that leave something running, which a destroy takes away. */
const REMOVABLE = ["packages", "firewall", "driver", "ray", "vllm", "gateway"];

/** A given host, so that services are removed one by one. */
describe("the steps on a given host", function () {
  this.timeout(120_000);
  let engine: Engine;
  let host: FakeHost;
  let stack: Stack;

  before(async () => {
    const key = newKeyPair();
    host = await openFakeHost(key.publicKey);
    engine = await openEngine({ standIns: ["command"] });
    const privateKeyPath = join(engine.folder, "key");
    writeFileSync(privateKeyPath, key.privateKey, { mode: 0o600 });
    const given = {
      address: "127.0.0.1",
      port: host.port,
      user: "root",
      privateKeyPath,
      hostKey: host.hostKey,
    };
    stack = await rehearsalStack(engine, [given]);
    await stack.up();
    host.received();
  });
  after(async () => {
    await host?.close();
    await engine?.close();
  });

  async function urnOf(name: string): Promise<string> {
    const { resources } = (await stack.exportStack()).deployment as { resources: { urn: string }[] };
    const found = resources.find(({ urn }) => urn.endsWith(`::${name}`));
    assert.ok(found, `no resource ${name}`);
    return found.urn;
  }

  for (const name of REMOVABLE) {
    it(`are replaced by removing the old one first: ${name}`, async () => {
      const { summary } = await stack.up({ replace: [await urnOf(`node-0-${name}`)] });
      assert.equal(summary.resourceChanges?.replace, 1);
      const ran = host.received();
      const done = ran.filter(({ step }) => step === name || step === `base-${name}`);
      assert.deepEqual(
        done.map(({ action }) => action),
        ["remove", "apply"],
      );
      // What builds on a service that was started anew is proven anew.
      const services = ["ray", "vllm", "gateway"];
      assert.equal(ran.at(-1)?.step === "verify", services.includes(name));
    });
  }

  it("do not run again while the host is as they left it", async () => {
    const { summary } = await stack.up();
    assert.deepEqual(Object.keys(summary.resourceChanges ?? {}), ["same"]);
    assert.deepEqual(host.received(), []);
  });

  it("run again, with those that build on them, where the host has lost what they made, and say so", async () => {
    for (const [lost, again] of [
      ["weights", ["weights"]],
      ["ray", ["ray", "vllm", "verify"]],
      ["gateway", ["gateway", "verify"]],
    ] as const) {
      host.drift(lost, `${lost} is gone`);
      let said = "";
      await stack.up({ onOutput: (text) => (said += text) });
      assert.match(
        said,
        new RegExp(`hosts\\[0\\] \\(127\\.0\\.0\\.1\\): ${lost} is gone; node-0-${lost} puts it right`),
      );
      assert.deepEqual(
        host.received().map(({ step }) => step),
        again,
      );
    }
    assert.deepEqual(Object.keys((await stack.up()).summary.resourceChanges ?? {}), ["same"]);
  });

  it("say once that the host's clock is wrong, and change nothing for it", async () => {
    host.setClockAhead(-3600);
    let said = "";
    const { summary } = await stack.up({
      onOutput: (text) => {
        said += text;
      },
    });
    host.setClockAhead(0);
    assert.match(said, /hosts\[0\] .*: its clock is 3\d{3} s behind this machine's: certificates/);
    assert.deepEqual(Object.keys(summary.resourceChanges ?? {}), ["same"]);
  });
});
