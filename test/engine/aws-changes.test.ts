import assert from "node:assert/strict";
import type { DeploymentInput } from "../../lib/config";
import { AWS } from "../../rehearsal/providers/aws-types";
import { type AwsProgram, openAwsProgram } from "./aws-program";
import { holdAgainstGolden } from "./golden-file";
import { type Preview, previewOf } from "./preview";

const PINNED = {
  tensorParallel: 8,
  pipelineParallel: 1,
  dataParallel: 1,
  expertParallel: 1,
  sequenceParallel: 1,
};
const SETTINGS = { sshAllowedCidrs: ["203.0.113.7/32"], skipChecks: ["reach" as const] };
const LIFTED = { ...SETTINGS, allowReplace: true };
const TWO_NODES = { hardware: { nodes: 2 }, strategy: { ...PINNED, dataParallel: 2 } };

/** The stack before each change. Few simulated requests: the plan itself is tested elsewhere. */
const BEFORE: DeploymentInput = {
  model: {},
  hardware: {},
  strategy: PINNED,
  workload: { simulatedRequests: 100 },
  serving: { maxNumSeqs: 128 },
  cost: {},
  aws: SETTINGS,
};

/** What an operator changes on the second day. */
const CHANGES: Record<string, DeploymentInput> = {
  "price cap": { cost: { maxUsdPerHour: 60 } },
  "stop after idle hours": { cost: { stopAfterIdleHours: 2 } },
  "tensor parallel 8 to 4, two replicas": { strategy: { ...PINNED, tensorParallel: 4, dataParallel: 2 } },
  chunk: { serving: { maxNumSeqs: 128, maxNumBatchedTokens: 1024 } },
  "version of vLLM": { serving: { maxNumSeqs: 128, vllmVersion: "0.32.0", allowVulnerableVersion: true } },
  "model.name": { model: { name: "meta-llama/Llama-3.1-70B-Instruct" } },
  tags: { aws: { ...SETTINGS, tags: { team: "ml" } } },
  "nodes 1 to 2": TWO_NODES,
  "zone, protected": { aws: { ...SETTINGS, availabilityZone: "us-east-1b" } },
  "instance type, protected": { hardware: { instanceType: "p5en.48xlarge" } },
  "image, protected": { aws: { ...SETTINGS, amiId: "ami-0abcdef0123456789" } },
  "protection lifted": { aws: LIFTED },
};

/** The same, once `up` has lifted the protection. */
const UNPROTECTED: Record<string, DeploymentInput> = {
  "zone, protection lifted": { aws: { ...LIFTED, availabilityZone: "us-east-1b" } },
  "instance type, protection lifted": { aws: LIFTED, hardware: { instanceType: "p5en.48xlarge" } },
  "image, protection lifted": { aws: { ...LIFTED, amiId: "ami-0abcdef0123456789" } },
};

/** Changes that ask for another machine. */
const ASK_FOR_ANOTHER = Object.keys(UNPROTECTED);

/**
 * Components do nothing themselves. A change of the provider's tags is one of all that has tags: the real plugin adds them
 * to each resource, which a plugin in this SDK cannot, as it is not told them.
 */
const DOES = /^(aws:|command:|pulumi:providers:aws)/;

/** What would be done, by kind of change, and how much stays as it is. */
function changeText(title: string, { steps, refusal }: Preview): string {
  if (refusal !== undefined) {
    // Which of its two lines the engine prints first differs from time to time.
    const isEngines = /cannot be deleted|preview failed/i.test(refusal);
    const [line = ""] = isEngines ? ["by Pulumi, which protects the machine"] : refusal.split("\n");
    return `${title}\n  refused: ${line.replaceAll(/\bi-[0-9a-f]+/g, "i-...")}`;
  }
  const done = steps.filter(({ type }) => DOES.test(type));
  const ops = [...new Set(done.map(({ op }) => op))].filter((op) => op !== "same").sort();
  const lines = ops.map((op) => {
    const names = done.filter((step) => step.op === op).map(({ name }) => name);
    return `  ${op}: ${[...new Set(names)].join(", ")}`;
  });
  return [title, ...lines, `  same: ${done.filter(({ op }) => op === "same").length}`].join("\n");
}

/**
 * Machines that would go. What depends on a machine that is only updated is listed, too: what will be known of it a
 * plugin in this SDK cannot say in a preview.
 */
const lostMachines = ({ steps }: Preview): string[] =>
  steps
    .filter(({ type, op }) => type === AWS.instance && !["same", "update", "create"].includes(op))
    .map(({ name, op }) => `${op} ${name}`);

/** Which resources a change updates, replaces, and leaves as they are. */
describe("changes of a stack on AWS", function () {
  this.timeout(1_800_000);
  let program: AwsProgram;
  const texts: string[] = [];

  before(async () => {
    program = await openAwsProgram();
    await program.configure(BEFORE);
    await program.stack.up();
  });
  after(() => program?.close());

  /** Looks at what a change would do; the configuration is as before afterwards. */
  async function look(title: string, change: DeploymentInput, before = BEFORE): Promise<Preview> {
    await program.configure(change);
    const preview = await previewOf(program.stack);
    await program.configure(before);
    texts.push(changeText(title, preview));
    return preview;
  }

  it("replace no machine of those that nobody lets go", async () => {
    for (const [title, change] of Object.entries(CHANGES)) {
      assert.deepEqual(lostMachines(await look(title, change)), [], title);
    }
    program.facts({ newestImage: "ami-0abcdef0123456789" });
    assert.deepEqual(lostMachines(await look("newest image of AWS", {})), []);
    program.facts({});
    await program.stack.setConfig("shardplan:apiKey", { value: "sk-1234567890", secret: true });
    assert.deepEqual(lostMachines(await look("API key", {})), []);
    await program.stack.removeConfig("shardplan:apiKey");
    await program.newSshKey();
    assert.deepEqual(lostMachines(await look("SSH key", {})), []);
  });

  it("replace the machines that they ask for once these may go, and no others", async () => {
    const lifted = { ...BEFORE, aws: LIFTED };
    await program.configure(lifted);
    await program.stack.up();
    for (const [title, change] of Object.entries(UNPROTECTED)) {
      const lost = lostMachines(await look(title, change, lifted));
      assert.ok(lost.length > 0 === ASK_FOR_ANOTHER.includes(title), `${title}: ${lost}`);
    }
    const before = { ...lifted, ...TWO_NODES };
    await program.configure(before);
    await program.stack.up();
    const protectedNow = { ...before, aws: SETTINGS };
    await program.configure(protectedNow);
    await program.stack.up();
    const refused = await look("nodes 2 to 1, protected", BEFORE_ONE, protectedNow);
    assert.ok(refused.refusal !== undefined, "it is not refused");
    await program.configure(before);
    await program.stack.up();
    const fewer = await look("nodes 2 to 1, protection lifted", BEFORE_ONE, before);
    assert.deepEqual(lostMachines(fewer), ["delete aws-node-1"]);
  });

  it("do to each resource what they did before", () => {
    holdAgainstGolden("changes.txt", `${texts.join("\n")}\n`);
  });

  it("end with nothing in the account when the stack is destroyed", async () => {
    await program.stack.destroy();
    assert.deepEqual(program.account.all(), []);
  });
});

const BEFORE_ONE: DeploymentInput = { hardware: {}, strategy: PINNED };
