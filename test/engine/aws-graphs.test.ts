import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { deployedSteps } from "../../infra/doctor/deployed-steps";
import { examine } from "../../infra/doctor/examine";
import type { DeploymentInput } from "../../lib/config";
import { AWS } from "../../rehearsal/providers/aws-types";
import { type AwsProgram, openAwsProgram } from "./aws-program";
import { openFakeBastion } from "./fake-bastion";
import { holdAgainstGolden } from "./golden-file";
import { type Preview, previewOf } from "./preview";

/** Few simulated requests: the plan itself is tested elsewhere. */
const WORKLOAD = { requestRate: 1, simulatedRequests: 100 };
const OPEN = { sshAllowedCidrs: ["203.0.113.7/32"], skipChecks: ["reach" as const] };

/** Sections of a stack file of the repository. */
function stackFile(path: string): DeploymentInput {
  const { config } = parse(readFileSync(join(__dirname, "../..", path), "utf8"));
  return Object.fromEntries(
    Object.entries(config as Record<string, object>).map(([key, value]) => [
      key.replace("shardplan:", ""),
      value,
    ]),
  );
}

const prod = stackFile("Pulumi.prod.yaml");
const dev = stackFile("Pulumi.dev.yaml");
const overEfa = stackFile("examples/llama-3.1-405b-2xp5.yaml");
const EXISTING = { ...OPEN, region: "us-east-1", subnetIds: ["subnet-0a", "subnet-0b"] };

/** The kinds of stack that people run, by the name of their golden file. */
const STACKS: Record<string, DeploymentInput> = {
  prod: { ...prod, aws: { ...prod.aws, ...OPEN } },
  dev: { ...dev, aws: { ...dev.aws, ...OPEN } },
  watched: {
    ...dev,
    aws: { ...dev.aws, ...OPEN },
    monitoring: { cloudWatch: { on: true, alarmEmail: "oncall@example.com" } },
  },
  "existing-vpc": {
    ...prod,
    aws: { ...EXISTING, instanceProfile: "gpu", kmsKeyId: "alias/disks", tags: { team: "ml" } },
  },
  "internal-only": {
    ...prod,
    aws: { ...EXISTING, publicAddress: false, sshAllowedCidrs: ["10.0.0.0/8"] },
    gateway: { allowedCidrs: ["10.0.0.0/8"] },
  },
  "two-nodes-efa": { ...overEfa, aws: { ...overEfa.aws, ...OPEN } },
};

/** What the engine writes for a value that is known after `up` only. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A value without what is another one each time. */
const readable = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll(UNKNOWN, "(known after up)")
    .replace(/ssh-ed25519 [A-Za-z0-9+/=]+/, "ssh-ed25519 (of the stack's key)");

/** AWS's resources with their inputs; the hosts' steps have tests of their own. */
function graphOf({ steps }: Preview): string {
  const resources = steps.filter(({ type }) => /^(aws|pulumi:providers:aws)/.test(type));
  const blocks = resources.map(({ type, name, isProtected, inputs }) => {
    const lines = Object.entries(inputs ?? {})
      .filter(([key]) => !key.startsWith("__"))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => `  ${key}: ${key === "userData" ? "(script)" : readable(value)}`);
    return [`${type} ${name}${isProtected ? " (protected)" : ""}`, ...lines].join("\n");
  });
  return `${blocks.join("\n")}\n`;
}

/** The graph of each kind of stack, and what a preview says before somebody says yes to it. */
describe("stacks on AWS", function () {
  this.timeout(1_800_000);
  let program: AwsProgram;

  before(async () => {
    program = await openAwsProgram();
  });
  after(() => program?.close());

  async function holdPreview(name: string, sections: DeploymentInput): Promise<void> {
    for (const key of Object.keys(await program.stack.getAllConfig())) {
      const isSecret = /sshPrivateKey|huggingFaceToken/.test(key);
      if (key.startsWith("shardplan:") && !isSecret) await program.stack.removeConfig(key);
    }
    await program.configure({ ...sections, workload: { ...sections.workload, ...WORKLOAD } });
    const preview = await previewOf(program.stack);
    assert.equal(preview.refusal, undefined);
    holdAgainstGolden(`${name}.graph.txt`, graphOf(preview));
    holdAgainstGolden(`${name}.preview.txt`, `${preview.said.join("\n")}\n`);
  }

  for (const [name, sections] of Object.entries(STACKS)) {
    it(`are registered and announced as before: ${name}`, () => holdPreview(name, sections));
  }

  it("go up and down over EFA, and leave nothing in the account", async () => {
    const lifted = { ...STACKS["two-nodes-efa"]?.aws, allowReplace: true };
    await program.configure({ aws: lifted });
    await program.stack.up();
    const steps = program.host.received().map(({ step }) => step);
    assert.equal(steps.filter((step) => step === "efa").length, 2);
    assert.ok(steps.indexOf("efa") < steps.indexOf("python-environment"), steps.join());
    assert.ok(steps.indexOf("verify") < steps.indexOf("efa-traffic"), steps.join());
    await program.stack.destroy();
    assert.deepEqual(program.account.all(), []);
  });

  it("that only a bastion reaches are announced, go up, are looked at and go down through it", async () => {
    const { host, stack, engine, account } = program;
    const bastion = await openFakeBastion(() => ({ address: "127.0.0.1", port: host.port }));
    try {
      const privateKeyPath = join(engine.folder, "bastion-key");
      writeFileSync(privateKeyPath, bastion.privateKey, { mode: 0o600 });
      const { port, hostKey } = bastion;
      const internal = STACKS["internal-only"];
      const aws = { ...internal?.aws, skipChecks: [], allowReplace: true };
      await holdPreview("internal-bastion", {
        ...internal,
        aws,
        bastion: { address: "127.0.0.1", port, user: "jump", hostKey, privateKeyPath },
      });
      // What the preview has checked.
      assert.deepEqual(bastion.opened(), []);
      const { outputs } = await stack.up();
      const address = account.list(AWS.instance)[0]?.properties.privateIp;
      const opened = bastion.opened();
      assert.ok(opened.length >= host.received().length, `${opened.length} ways`);
      const ports = [`${address}:22`, `${address}:${host.port}`];
      assert.deepEqual(
        [...new Set(opened)].filter((way) => !ports.includes(way)),
        [],
      );
      assert.deepEqual(outputs.hosts?.value, [`ssh -J jump@127.0.0.1:${port} ubuntu@${address}`]);
      const { deployment } = await stack.exportStack();
      assert.deepEqual(await examine(deployedSteps(deployment)), []);
      assert.ok(bastion.opened().length > 0, "the doctor goes through it, too");
      await stack.destroy();
      assert.deepEqual(account.all(), []);
    } finally {
      await bastion.close();
    }
  });
});
