import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { deployedSteps, outputsOf } from "../../infra/doctor/deployed-steps";
import { examine } from "../../infra/doctor/examine";
import { measureLoad, proveAnswer } from "../../infra/doctor/prove";
import { type Engine, openEngine } from "../../rehearsal/engine";
import { rehearsalStack } from "../../rehearsal/rehearsal-stack";
import { type FakeHost, newKeyPair, openFakeHost } from "./fake-host";

/** Steps that leave something running, which a destroy takes away. */
const REMOVABLE = ["facts", "firewall", "driver", "gateway", "ray", "vllm"];

/** A given host, so that services are removed one by one. */
describe("the steps on a given host", function () {
  this.timeout(600_000);
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
    stack = await rehearsalStack(engine, [given], { "shardplan:proof": { load: true } });
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
      const done = ran.filter(({ step }) => step === name || step === `host-${name}`);
      assert.deepEqual(
        done.map(({ action }) => action),
        ["remove", "apply"],
      );
      // What builds on a service that was started anew is proven anew.
      const services = ["gateway", "ray", "vllm"];
      const proofs = ran.map(({ step }) => step).filter((step) => ["verify", "load"].includes(step));
      // A load test is for what serves, not for what stands before it.
      const serves = ["ray", "vllm"].includes(name);
      assert.deepEqual(proofs, services.includes(name) ? ["verify", ...(serves ? ["load"] : [])] : []);
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
      ["ray", ["ray", "vllm", "verify", "load"]],
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

  it("are looked at by the doctor, who names what is lost or wrong and changes nothing", async () => {
    const { deployment } = await stack.exportStack();
    const steps = deployedSteps(deployment);
    assert.deepEqual(await examine(steps), []);
    host.drift("weights", "3 files are gone");
    host.setClockAhead(-3600);
    const found = await examine(steps);
    host.setClockAhead(0);
    assert.deepEqual(
      found.map(({ step, kind }) => `${step} ${kind}`),
      ["node-0-facts note", "node-0-weights drift"],
    );
    assert.deepEqual(
      found.map(({ host: name }) => name),
      Array(2).fill("hosts[0] (127.0.0.1)"),
    );
    assert.equal(found[1]?.text, "3 files are gone");
    assert.deepEqual(host.received(), []);
    await stack.up();
    assert.deepEqual(await examine(deployedSteps((await stack.exportStack()).deployment)), []);
    host.received();
  });

  it("tell the doctor that a host does not answer, or was set up by somebody else", async () => {
    const steps = deployedSteps((await stack.exportStack()).deployment);
    const away = steps.map((step) => ({ ...step, target: { ...step.target, port: 9 } }));
    const [first, ...more] = await examine(away);
    assert.match(first?.text ?? "", /does not answer over SSH/);
    assert.deepEqual(more, []);
    const strange = steps.map((step) => ({ ...step, stdin: step.stdin.replace(/^MARK=.*$/m, "MARK=other") }));
    const texts = new Set((await examine(strange)).map(({ text }) => text));
    assert.deepEqual(texts, new Set(["was last run from another state than this stack's"]));
  });

  it("prove the service again when they are asked to, also under load", async () => {
    const { deployment } = await stack.exportStack();
    const steps = deployedSteps(deployment);
    assert.match(
      await proveAnswer(steps),
      /^vLLM 0\.33\.0 answers through the gateway: 100 tokens in 1\.2 s$/,
    );
    const { verdict, text } = await measureLoad(steps, outputsOf(deployment));
    assert.equal(verdict, "as planned");
    assert.match(text, /^first token p99 .* meets the target$/m);
    assert.deepEqual(
      host.received().map(({ step }) => step),
      ["verify", "load"],
    );
    host.failNext("verify", "error: hosts[0] (127.0.0.1): verification failed: the completion failed");
    await assert.rejects(proveAnswer(steps), /^Error: hosts\[0\] .*: verification failed/);
    host.received();
    await stack.up();
    host.received();
  });

  it("take away what earlier versions had before the servers, after the gateway stands in its place", async () => {
    const exported = await stack.exportStack();
    const { resources } = exported.deployment as { resources: { urn: string }[] };
    const ends = (...names: string[]) =>
      resources.filter(({ urn }) => names.some((name) => urn.endsWith(`::${name}`)));
    const renamed = (text: string) =>
      text
        .replaceAll("infra:Gateway", "infra:Balancer")
        .replaceAll("::gateway", "::balancer")
        .replaceAll("node-0-gateway", "node-0-balancer")
        .replaceAll("run_step gateway", "run_step balancer");
    const balancer = JSON.parse(renamed(JSON.stringify(ends("gateway", "node-0-gateway"))));
    const text = JSON.stringify(exported.deployment).replaceAll("an HAProxy of our own", "another program");
    const deployment = JSON.parse(text) as typeof exported.deployment;
    deployment.resources.push(...balancer);
    await stack.importStack({ ...exported, deployment });
    await stack.up();
    assert.deepEqual(
      host.received().map(({ step, action }) => `${step} ${action}`),
      ["gateway apply", "verify apply", "balancer remove"],
    );
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
