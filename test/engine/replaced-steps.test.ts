import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { type Engine, openEngine } from "../../rehearsal/engine";
import { rehearsalStack } from "../../rehearsal/rehearsal-stack";
import { type FakeHost, newKeyPair, openFakeHost } from "./fake-host";

/** Steps that leave something running, which a destroy takes away. */
const REMOVABLE = ["node-0-ray", "node-0-vllm", "node-0-gateway"];

/** A given host, so that services are removed one by one. */
describe("pulumi up --replace of a step", function () {
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
    const given = { address: "127.0.0.1", port: host.port, user: "root", privateKeyPath, hostKey: host.hostKey };
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
    it(`removes the old ${name} before it sets up the new one`, async () => {
      const { summary } = await stack.up({ replace: [await urnOf(name)] });
      assert.equal(summary.resourceChanges?.replace, 1);
      const step = name.replace("node-0-", "");
      const done = host.received().filter((received) => received.step === step);
      assert.deepEqual(
        done.map(({ action }) => action),
        ["remove", "apply"],
      );
    });
  }
});
