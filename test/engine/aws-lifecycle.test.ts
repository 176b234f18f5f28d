import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { OpMap } from "@pulumi/pulumi/automation";
import { AWS } from "../../rehearsal/providers/aws-types";
import { type AwsProgram, changesOf, openAwsProgram } from "./aws-program";

const PINNED = {
  tensorParallel: 8,
  pipelineParallel: 1,
  dataParallel: 1,
  expertParallel: 1,
  sequenceParallel: 1,
};
/** Few simulated requests: the plan itself is tested elsewhere. */
const WORKLOAD = { simulatedRequests: 100 };
/** Where the program runs: without a range open to SSH it refuses to pay for machines. */
const SETTINGS = { sshAllowedCidrs: ["203.0.113.7/32"] };

/** Order in which the steps depend on each other. */
const STEPS = [
  "host-facts",
  "base-packages",
  "driver",
  "python-environment",
  "weights",
  "gateway",
  "ray",
  "vllm",
  "watchdog",
  "verify",
  "load",
];

/** One life of the stack, each test a step of it. */
describe("the AWS program on the real engine", function () {
  this.timeout(300_000);
  let program: AwsProgram;

  before(async () => {
    program = await openAwsProgram();
    await program.configure({ strategy: PINNED, workload: WORKLOAD, proof: { load: true } });
  });
  after(() => program?.close());

  /** Runs `up` and says what changed and which scripts ran. */
  async function up(): Promise<{ changes: OpMap; steps: string[]; outputs: Record<string, unknown> }> {
    const { summary, outputs } = await program.stack.up();
    return {
      changes: changesOf(summary.resourceChanges),
      steps: program.host.received().map(({ step }) => step),
      outputs: Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value])),
    };
  }

  /** Types of what the state holds of AWS and of the hosts. */
  async function registered(): Promise<string[]> {
    const { deployment } = await program.stack.exportStack();
    const types = (deployment.resources ?? []).map(({ type }: { type: string }) => type);
    return types.filter((type: string) => type.startsWith("aws:") || type.startsWith("command:"));
  }

  /** Ids of the machines, the first node's first. */
  const machines = (): string[] =>
    [...program.account.list(AWS.instance)].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ id }) => id);

  it("previews without touching a host", async () => {
    const { changeSummary } = await program.stack.preview();
    assert.equal(changeSummary.same, undefined);
    assert.ok(
      (changeSummary.create ?? 0) > STEPS.length,
      `changeSummary.create ?? 0: ${changeSummary.create ?? 0}, STEPS.length: ${STEPS.length}`,
    );
    assert.deepEqual(program.host.received(), []);
  });

  it("warns in a preview, and refuses to pay for machines, without a token for a model behind a licence", async () => {
    await program.stack.removeConfig("shardplan:huggingFaceToken");
    const { stdout, stderr } = await program.stack.preview();
    assert.match(`${stdout}${stderr}`, /shardplan:huggingFaceToken: is not set, .*Meta-Llama-3-70B/);
    await assert.rejects(up(), /shardplan:huggingFaceToken: is not set/);
    assert.deepEqual(await registered(), []);
    await program.stack.setConfig("shardplan:huggingFaceToken", { value: "hf_example", secret: true });
  });

  it("warns in a preview, and refuses later, a vLLM with known holes; says what a change of it costs", async () => {
    await program.configure({ serving: { vllmVersion: "0.32.0" } });
    const { stdout, stderr } = await program.stack.preview();
    assert.match(`${stdout}${stderr}`, /vLLM 0\.32\.0 has known holes .*: pulumi up refuses it/);
    assert.match(`${stdout}${stderr}`, /restarts the only server: nobody is served for 68 s to 15 min/);
    await assert.rejects(up(), /serving\.vllmVersion: vLLM 0\.32\.0 has known holes \(GHSA-5r3c-5x4v-8gjh\)/);
    assert.deepEqual(await registered(), []);
    await program.configure({ serving: {} });
  });

  it("refuses EFA among machines that it would make without", async () => {
    await program.configure({
      hardware: { nodes: 2, network: "efa" },
      strategy: { ...PINNED, dataParallel: 2 },
    });
    await assert.rejects(
      program.stack.preview(),
      /hardware\.network: efa among several machines cannot be set up/,
    );
    await program.configure({ hardware: {}, strategy: PINNED });
  });

  it("refuses to pay for machines that it could not reach", async () => {
    await assert.rejects(up(), /aws\.sshAllowedCidrs: is empty/);
    assert.deepEqual(await registered(), []);
    await program.configure({ aws: SETTINGS });
  });

  it("sets everything up, each step after the one that it needs", async () => {
    const { steps, outputs } = await up();
    assert.deepEqual(steps, STEPS);
    assert.equal(outputs.endpoint, "https://127.0.0.1");
    assert.deepEqual(outputs.strategy, { ...PINNED, gpus: 8 });
    assert.equal(outputs.apiKeyCommand, "ssh ubuntu@127.0.0.1 sudo cat /etc/shardplan/secrets/api-key");
    assert.deepEqual(outputs.measured, { kvCacheTokens: 1_250_000 });
  });

  it("previews no change once it is up", async () => {
    const { changeSummary } = await program.stack.preview();
    assert.deepEqual(changesOf(changeSummary), {});
  });

  it("changes nothing the second time", async () => {
    const { changes, steps } = await up();
    assert.deepEqual({ changes, steps }, { changes: {}, steps: [] });
  });

  it("opens the gateway to another range by touching only that rule and the gateway", async () => {
    await program.configure({ gateway: { allowedCidrs: ["198.51.100.0/24"] } });
    const { changes, steps } = await up();
    // The rule for everybody goes, the rule for the range comes; the gateway is updated in place, and proven anew.
    assert.deepEqual(changes, { create: 1, delete: 1, update: 2 });
    assert.deepEqual(steps, ["gateway", "verify"]);
  });

  it("changes vLLM's arguments by running only vLLM's step and the proof again", async () => {
    await program.configure({ serving: { maxNumSeqs: 120 } });
    const { changes, steps } = await up();
    assert.deepEqual(changes, { update: 3 });
    assert.deepEqual(steps, ["vllm", "verify", "load"]);
  });

  it("restarts Ray and vLLM on another version, and proves it", async () => {
    await program.configure({ serving: { maxNumSeqs: 120, rayVersion: "2.59.0" } });
    // The weights are there; what would fetch them is in another environment.
    const steps = ["python-environment", "weights", "ray", "vllm", "verify", "load"];
    assert.deepEqual((await up()).steps, steps);
    await program.configure({ serving: { maxNumSeqs: 120 } });
    assert.deepEqual((await up()).steps, steps);
  });

  it("sends the lock of the packages to the host, and keeps it out of the state", async () => {
    const [[path, text] = ["", ""], ...others] = program.host.files;
    assert.deepEqual(others, []);
    assert.match(path, /^\/opt\/shardplan\/releases\/vllm-0\.33\.0-ray-2\.60\.0-[0-9a-f]{8}\.lock$/);
    assert.match(text, /^nvidia-cuda-nvcc==/m);
    assert.doesNotMatch(JSON.stringify(await program.stack.exportStack()), /nvidia-cuda-nvcc/);
  });

  it("keeps a secret out of the state's text and of the outputs", async () => {
    await program.stack.setConfig("shardplan:apiKey", { value: "sk-canary-1234567890", secret: true });
    const { steps, outputs } = await up();
    // The gateway knows the keys, vLLM restarts for none, and the proof is made with it.
    assert.deepEqual(steps, ["gateway", "verify"]);
    assert.ok(
      !JSON.stringify(outputs).includes("canary"),
      'not so: !JSON.stringify(outputs).includes("canary")',
    );
    // The state as it lies on the backend; an export would decrypt it.
    const states = join(program.engine.folder, "state");
    for (const file of readdirSync(states, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const state = readFileSync(join(file.parentPath, file.name), "utf8");
      assert.ok(!state.includes("canary") && !state.includes("PRIVATE KEY"), `${file.name} holds a secret`);
    }
  });

  it("fails with the service's words when vLLM dies, and goes through once the cause is removed", async () => {
    await program.configure({ serving: { maxNumSeqs: 112 } });
    const words = "error: node-0 (127.0.0.1): vLLM died while it was starting; remove the reason";
    program.host.failNext("vllm", words);
    await assert.rejects(up(), (error: Error) => error.message.includes(words));
    program.host.received();
    const { steps } = await up();
    assert.deepEqual(steps, ["vllm", "verify", "load"]);
  });

  it("registers nothing when the plan fails, and says why on one line each", async () => {
    await program.configure({ strategy: { ...PINNED, tensorParallel: 1, dataParallel: 8 } });
    const printed: string[] = [];
    await assert.rejects(program.stack.preview({ onOutput: (text) => printed.push(text) }));
    const text = printed.join("");
    // 70.6 billion parameters of 2 bytes
    assert.match(text, /weights-fit: 141\.1 GB of weights do not fit in 80 GB/);
    assert.ok(!/^\s+at .*\.ts:\d+/m.test(text), "prints a stack trace");
    // Only the stack itself is in the diff.
    assert.match(text, /Resources:\n\s+1 unchanged\n\s+1 errored/);
    await program.configure({ strategy: PINNED });
  });

  it("adds a second node with a worker of its own, and leaves the first machine as it is", async () => {
    const [first] = machines();
    await program.configure({ hardware: { nodes: 2 }, strategy: { ...PINNED, dataParallel: 2 } });
    const { steps } = await up();
    // The new machine goes through everything up to a server of its own; on the first one, whose server serves on, only
    // the gateway learns of it, and waits for both.
    assert.deepEqual(steps.slice(0, 2), ["host-facts", "base-packages"]);
    assert.deepEqual(steps.slice(2), [
      ...["driver", "python-environment", "weights"],
      ...["gateway", "drained", "balanced"],
      ...["drained", "ray", "vllm", "watchdog", "balanced"],
      ...["verify", "load"],
    ]);
    assert.equal(machines()[0], first);
    assert.equal(machines().length, 2);
    const groups = program.account.list(AWS.instance).map(({ properties }) => properties.placementGroup);
    assert.deepEqual(groups, ["shardplan-prod", "shardplan-prod"]);
  });

  it("takes another SSH key without replacing a machine", async () => {
    const before = machines();
    await program.newSshKey();
    await up();
    assert.deepEqual(machines(), before);
  });

  it("keeps the machines when what only new ones get changes, also after a refresh", async () => {
    const before = machines();
    const reserved = { capacityReservationId: "cr-0123456789abcdef0", availabilityZone: "us-east-1a" };
    await program.configure({ aws: { ...SETTINGS, ...reserved } });
    await up();
    await program.stack.refresh();
    await program.configure({ aws: SETTINGS });
    await up();
    assert.deepEqual(machines(), before);
  });

  it("refuses, before it changes anything, what would delete a protected machine", async () => {
    await program.configure({ aws: { ...SETTINGS, availabilityZone: "us-east-1b" } });
    const zone =
      /aws\.availabilityZone: is us-east-1b, and i-\w+ runs in us-east-1a\s+the machine .*aws\.protect forbids it/;
    await assert.rejects(program.stack.preview(), zone);
    await assert.rejects(up(), zone);
    await program.configure({ aws: SETTINGS, hardware: { nodes: 2, instanceType: "p5en.48xlarge" } });
    await assert.rejects(up(), /hardware\.instanceType: is p5en\.48xlarge, and i-\w+ is a p5\.48xlarge/);
    await program.configure({ hardware: { nodes: 1 }, strategy: PINNED });
    await assert.rejects(up(), /protect/);
    const before = program.account.all();
    await assert.rejects(program.stack.destroy(), /protect/);
    assert.deepEqual(program.account.all(), before);
    assert.equal(machines().length, 2);
  });

  it("is protected by EC2, too, until `up` has lifted it", async () => {
    const elsewhere = { ...SETTINGS, protect: false, availabilityZone: "us-east-1b" };
    await program.configure({
      aws: elsewhere,
      hardware: { nodes: 2 },
      strategy: { ...PINNED, dataParallel: 2 },
    });
    // Both at once: Pulumi lets the machines go, EC2 does not.
    await assert.rejects(up(), /OperationNotPermitted: .*disableApiTermination/);
    assert.equal(machines().length, 2);
    await program.configure({ aws: { ...SETTINGS, protect: false } });
    await up();
    await program.configure({ hardware: { nodes: 1 }, strategy: PINNED });
    await up();
    assert.equal(machines().length, 1);
  });

  it("moves to another zone when it may, and sets up the new machine behind the old address", async () => {
    const [old] = machines();
    await program.configure({ aws: { ...SETTINGS, protect: false, availabilityZone: "us-east-1b" } });
    const { steps, outputs } = await up();
    assert.notEqual(machines()[0], old);
    assert.deepEqual(steps, STEPS);
    assert.equal(outputs.endpoint, "https://127.0.0.1");
    const subnets = program.account.list(AWS.subnet).map(({ properties }) => properties.cidrBlock);
    assert.deepEqual(subnets, ["10.42.16.0/20"]);
  });

  it("stays in the zone where its machine is when the configuration names none", async () => {
    const [machine] = machines();
    await program.configure({ aws: { ...SETTINGS, protect: false } });
    const { changes } = await up();
    assert.deepEqual({ changes, machines: machines() }, { changes: {}, machines: [machine] });
  });

  it("destroys everything without asking the machines, which go as a whole", async () => {
    await program.stack.destroy();
    assert.deepEqual(program.host.received(), []);
    const { deployment } = await program.stack.exportStack();
    assert.deepEqual(deployment.resources ?? [], []);
    assert.deepEqual(machines(), []);
  });

  it("goes to another zone after one that has no machine to give", async () => {
    program.dryZones(["us-east-1a"]);
    await assert.rejects(up(), /InsufficientInstanceCapacity/);
    await program.configure({ aws: { ...SETTINGS, protect: false, availabilityZone: "us-east-1b" } });
    await up();
    assert.equal(machines().length, 1);
    await program.stack.destroy();
  });
});
