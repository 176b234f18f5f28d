import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { type Engine, openEngine } from "../../rehearsal/engine";
import { type FakeHost, newKeyPair, openFakeHost } from "./fake-host";
import { setVariables } from "./fake-hub";
import { NOBODY } from "./nobody";
import { previewOf } from "./preview";

/** The programs of examples/, which import the package by its name, through the engine. */
describe("components in somebody else's program", function () {
  this.timeout(600_000);
  let engine: Engine;
  let host: FakeHost;
  let restore: () => void;
  const key = newKeyPair();

  before(async () => {
    host = await openFakeHost(key.publicKey);
    engine = await openEngine({ standIns: ["command", "aws"] });
    // Nobody's account, and no hub: the programs run in this process.
    restore = setVariables(NOBODY);
  });
  after(async () => {
    restore?.();
    await host?.close();
    await engine?.close();
  });

  /** A stack of a program with its configuration; secrets are those whose name ends in Key and is no public key. */
  async function stackOf(
    projectName: string,
    program: () => Promise<Record<string, unknown>>,
    config: Record<string, string>,
  ): Promise<Stack> {
    const workDir = join(engine.folder, projectName);
    mkdirSync(workDir);
    const stack = await LocalWorkspace.createStack(
      { stackName: "test", projectName, program },
      { ...engine.workspace, workDir },
    );
    for (const [name, value] of Object.entries(config)) {
      await stack.setConfig(name, { value, secret: /privateKey$/i.test(name) });
    }
    return stack;
  }

  it("bring a service up on hosts that the program has, all of it below the component", async () => {
    const program = () => import("../../examples/service-on-hosts/index.js");
    const config = {
      address: "127.0.0.1",
      port: `${host.port}`,
      hostKey: host.hostKey,
      privateKey: key.privateKey,
    };
    const stack = await stackOf("service-on-hosts", program, config);
    const { outputs } = await stack.up();
    assert.equal(outputs.endpoint?.value, "https://127.0.0.1");
    assert.match(outputs.apiKeyCommand?.value, /^ssh -p \d+ root@127\.0\.0\.1 cat /);
    const steps = host.received().map(({ step }) => step);
    for (const step of ["host-facts", "driver", "weights", "gateway", "vllm", "verify"])
      assert.ok(steps.includes(step), `${step} is not among ${steps.join(", ")}`);
    const { resources } = (await stack.exportStack()).deployment as {
      resources: { urn: string; parent?: string; inputs?: object }[];
    };
    const service = resources.find(({ urn }) => urn.endsWith("shardplan:index:ServiceOnHosts::qwen"));
    const own = resources.filter(({ urn }) => /shardplan:infra|command:remote/.test(urn));
    assert.ok(service !== undefined && own.length > 20, `${own.length} resources`);
    for (const { urn } of own) assert.match(urn, /shardplan:index:ServiceOnHosts\$.*::qwen-/);
    const state = join(engine.folder, "state/.pulumi/stacks/service-on-hosts/test.json");
    assert.ok(
      !readFileSync(state, "utf8").includes(key.privateKey.split("\n")[1] ?? "?"),
      "a key in the state",
    );
  });

  it("take a provider, its tags and transforms, and make everything of AWS's with them", async () => {
    const program = () => import("../../examples/service-on-aws/index.js");
    const config = { sshFrom: "203.0.113.7/32", sshPrivateKey: key.privateKey };
    const stack = await stackOf("service-on-aws", program, config);
    const { steps, refusal, said } = await previewOf(stack);
    assert.equal(refusal, undefined, said.join("\n"));
    const [instance, ...others] = steps.filter(({ type }) => type === "aws:ec2/instance:Instance");
    assert.deepEqual([instance?.name, others.length], ["qwen-aws-node-0", 0]);
    const tags = instance?.inputs?.tags as Record<string, string> | undefined;
    assert.equal(tags?.["cost-centre"], "4711");
    const providers = steps.filter(({ type }) => type === "pulumi:providers:aws").map(({ name }) => name);
    assert.deepEqual(providers, ["account"]);
    assert.ok(
      steps.some(({ name }) => name === "qwen-node-0-verify"),
      "the host is verified",
    );
  });

  it("have the planner's answers as outputs", async () => {
    const stack = await stackOf("plan-as-data", () => import("../../examples/plan-as-data/index.js"), {
      rate: "1",
    });
    const { outputs } = await stack.up();
    const { instanceType, nodes, strategy, ownLineStarts, maxRequestRate, compose } =
      outputs.machine?.value ?? {};
    assert.match(instanceType, /^g\d/);
    assert.deepEqual([nodes, strategy, ownLineStarts], [1, "TP1", true]);
    assert.ok(maxRequestRate > 1, `${maxRequestRate} requests/s`);
    assert.match(compose, /^# Made by shardplan: Qwen\/Qwen3-8B on 1 x g[\s\S]*\nservices:\n/);
  });

  it("name their own file, because Pulumi would else run what package.json calls main", () => {
    for (const example of ["service-on-hosts", "service-on-aws", "plan-as-data"]) {
      const project = readFileSync(join(__dirname, "../../examples", example, "Pulumi.yaml"), "utf8");
      assert.match(project, /^main: index\.ts$/m, example);
    }
  });
});
