import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { OpMap } from "@pulumi/pulumi/automation";
import { ACTIONS_OF_RESOURCES } from "../../infra/aws/operator-policy";
import { TRIED_ZONES } from "../../infra/aws/tried-zones";
import { upInTurn } from "../../infra/up/in-turn";
import { AWS } from "../../rehearsal/providers/aws-types";
import type { Properties } from "../../rehearsal/providers/changed-inputs";
import { type AwsProgram, changesOf, openAwsProgram } from "./aws-program";
import { setVariables } from "./fake-hub";

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
const SETTINGS = { sshAllowedCidrs: ["203.0.113.7/32"], skipChecks: ["reach" as const] };

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
  "monitoring",
];

/** One life of the stack, each test a step of it. */
describe("the AWS program on the real engine", function () {
  this.timeout(1_800_000);
  let program: AwsProgram;

  before(async () => {
    program = await openAwsProgram();
    await program.configure({ strategy: PINNED, workload: WORKLOAD, proof: { load: true } });
    await program.configure({ aws: { skipChecks: ["reach"] } });
  });
  after(() => program?.close());

  /** Runs `up` and says what changed and which scripts ran. */
  async function up(): Promise<{
    changes: OpMap;
    steps: string[];
    outputs: Record<string, unknown>;
    text: string;
  }> {
    const { summary, outputs, stdout } = await program.stack.up();
    return {
      text: stdout,
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

  /** What a preview says of its checks, a line each. */
  async function checked(): Promise<string[]> {
    const { stdout, stderr } = await program.stack.preview({ color: "never" });
    const lines = `${stdout}${stderr}`.split("\n").map((line) => line.trim());
    return [...new Set(lines.filter((line) => / check \w+: /.test(line)))];
  }

  /** What a preview would make. */
  async function planned(): Promise<{ type: string; inputs: Properties }[]> {
    const found: { type: string; inputs: Properties }[] = [];
    await program.stack.preview({
      onEvent: ({ resourcePreEvent }) => {
        const { type, new: made } = resourcePreEvent?.metadata ?? {};
        if (type !== undefined && made) found.push({ type, inputs: made.inputs });
      },
    });
    return found;
  }

  /** Without line breaks of the display. */
  const said = (lines: readonly string[], name: string): string =>
    lines.filter((line) => line.includes(`check ${name}: `)).join("\n");

  it("says in a preview what each check before spending found", async () => {
    program.hub.received();
    const lines = await checked();
    assert.match(said(lines, "hub"), /the hub gives meta-llama\/Meta-Llama-3-70B-Instruct to this token/);
    assert.match(
      said(lines, "offering"),
      /us-east-1a, us-east-1b, us-east-1c offer p5\.48xlarge, us-east-1a is taken/,
    );
    assert.match(
      said(lines, "catalogue"),
      /EC2 says of p5\.48xlarge what was planned: 8 x H100, 81920 MiB each/,
    );
    assert.match(
      said(lines, "quota"),
      /1 x p5\.48xlarge need 192 vCPUs, the quota "Running On-Demand P instances" of us-east-1 is 1152/,
    );
    assert.match(
      said(lines, "price"),
      /\$55\.04 an hour on demand in us-east-1 now; the machine with volumes \(\$0\.02\), addresses \(\$0\.01\) and answers to the internet at the planned rate \(\$0\.\d\d\) about \$55\.\d\d an hour, \$1,32\d\.\d\d a day, \$40,\d{3}\.\d\d in a month/,
    );
    assert.match(
      said(lines, "image"),
      /ami-0123456789abcdef0 .* is x86_64, its 75 GB fit on the root volume/,
    );
    assert.match(said(lines, "reach"), /skipped, as aws\.skipChecks says/);
    assert.equal(said(lines, "reservation"), "");
    assert.deepEqual(program.hub.received(), [
      {
        method: "HEAD",
        path: "/meta-llama/Meta-Llama-3-70B-Instruct/resolve/main/config.json",
        authorization: "Bearer hf_example",
      },
    ]);
  });

  it("warns in a preview of all that would be paid for in vain, refuses it in `up`, and registers nothing", async () => {
    program.hub.answer(403);
    program.facts({
      quota: 0,
      priceFactor: 1.1,
      gpus: 4,
      imageArchitecture: "arm64",
      offering: ["us-east-1b"],
    });
    await program.configure({
      aws: { ...SETTINGS, availabilityZone: "us-east-1a" },
      cost: { maxUsdPerHour: 56 },
    });
    const wrong = {
      hub: /the account of this token has not accepted the licence of meta-llama\/Meta-Llama-3-70B-Instruct; accept it on https:/,
      offering:
        /aws\.availabilityZone: us-east-1a does not offer p5\.48xlarge; set shardplan:aws\.availabilityZone to us-east-1b/,
      catalogue: /hardware\.instanceType: EC2 says that p5\.48xlarge has 4 GPUs \(planned with 8\)/,
      quota:
        /is 0; ask for more, which takes days: aws service-quotas .* --quota-code L-417A185B --desired-value 192/,
      price:
        /cost\.maxUsdPerHour: is \$56\.00, and p5\.48xlarge is \$60\.54 an hour on demand in us-east-1 now/,
      image: /aws\.amiId: ami-0123456789abcdef0 is for arm64, and p5\.48xlarge is x86_64/,
    };
    const lines = await checked();
    const refused = await up().then(
      () => assert.fail("it was not refused"),
      (error: Error) => error.message,
    );
    for (const [name, text] of Object.entries(wrong)) {
      assert.match(said(lines, name), text);
      assert.match(said(lines, name), /pulumi up will refuse/);
      assert.match(refused, new RegExp(`check ${name}: .*${text.source}`));
    }
    assert.ok(!/hf_example/.test(`${lines.join()}${refused}`), "prints the token");
    assert.deepEqual(await registered(), []);
  });

  it("warns of another price, holds a reservation against its machines, and asks the hub for a token", async () => {
    program.facts({
      priceFactor: 0.5,
      imageGb: 300,
      reservation: { state: "expired", zone: "us-east-1b", instanceType: "p4d.24xlarge", free: 0 },
    });
    await program.configure({
      aws: { ...SETTINGS, availabilityZone: "us-east-1a", capacityReservationId: "cr-0123456789abcdef0" },
      cost: {},
    });
    await program.stack.removeConfig("shardplan:huggingFaceToken");
    const lines = await checked();
    assert.match(
      said(lines, "price"),
      /now, planned with \$55\.04; .* shardplan:cost\.priceUsdPerHour 27\.52/,
    );
    assert.match(
      said(lines, "image"),
      /aws\.rootVolumeGb: is 200, and the image ami-0123456789abcdef0 needs 300/,
    );
    assert.match(
      said(lines, "reservation"),
      /cr-0123456789abcdef0 is expired, from .*, and is of us-east-1b, not us-east-1a: .*, and is for p4d\.24xlarge, not p5\.48xlarge/,
    );
    assert.match(said(lines, "hub"), /shardplan:huggingFaceToken: is not set, .*Meta-Llama-3-70B/);
    await program.stack.setConfig("shardplan:huggingFaceToken", { value: "hf_example", secret: true });
  });

  it("warns in a preview, and refuses later, a vLLM with known holes; says what a change of it costs", async () => {
    await program.configure({ serving: { vllmVersion: "0.32.0" } });
    const { stdout, stderr } = await program.stack.preview();
    assert.match(`${stdout}${stderr}`, /vLLM 0\.32\.0 has known holes .*: pulumi up refuses it/);
    assert.match(`${stdout}${stderr}`, /restarts the only server, and nobody is served for 68 s to 15 min/);
    await assert.rejects(up(), /serving\.vllmVersion: vLLM 0\.32\.0 has known holes \(GHSA-5r3c-5x4v-8gjh\)/);
    assert.deepEqual(await registered(), []);
    await program.configure({ serving: {} });
  });

  it("fits into an account: existing subnets, no public address, a profile, a key and tags of one's own", async () => {
    const permissionsBoundary = "arn:aws:iam::123456789012:policy/edge";
    const gateway = { domain: "llm.example.com", hostedZoneId: "Z0123456789ABCDEFGHIJ" };
    const monitoring = { cloudWatch: { on: true, alarmEmail: "oncall@example.com" } };
    await program.configure({ aws: { ...SETTINGS, permissionsBoundary }, gateway, monitoring });
    const ordinary = await planned();
    await program.configure({ gateway: {}, monitoring: {} });
    const record = ordinary.find(({ type }) => type === "aws:route53/record:Record");
    assert.deepEqual(
      [record?.inputs.zoneId, record?.inputs.name, record?.inputs.type],
      [gateway.hostedZoneId, gateway.domain, "A"],
    );
    const role = ordinary.find(({ type }) => type === AWS.role);
    assert.equal(role?.inputs.permissionsBoundary, permissionsBoundary);
    const own = {
      instanceProfile: "gpu",
      kmsKeyId: "arn:aws:kms:us-east-1:123456789012:key/1",
      tags: { team: "ml" },
    };
    const place = { subnetIds: ["subnet-0a", "subnet-0b"], publicAddress: false };
    program.facts({ offering: ["us-east-1b"] });
    await program.configure({ aws: { ...SETTINGS, ...place, ...own } });
    const resources = await planned();
    const kinds = resources.map(({ type }) => type).filter((type) => type.startsWith("aws:"));
    assert.deepEqual([...new Set(kinds)].sort(), [
      AWS.instance,
      AWS.keyPair,
      AWS.launchTemplate,
      AWS.placementGroup,
      AWS.securityGroup,
      AWS.parameter,
      AWS.egressRule,
      AWS.ingressRule,
    ]);
    const inputs = (type: string) => resources.find((resource) => resource.type === type)?.inputs;
    const { subnetId, iamInstanceProfile, associatePublicIpAddress, rootBlockDevice } =
      inputs(AWS.instance) ?? {};
    assert.deepEqual([subnetId, iamInstanceProfile, associatePublicIpAddress], ["subnet-0b", "gpu", false]);
    assert.equal((rootBlockDevice as Properties).kmsKeyId, own.kmsKeyId);
    assert.equal(inputs(AWS.securityGroup)?.vpcId, "vpc-0e");
    const tags = JSON.parse(String(inputs("pulumi:providers:aws")?.defaultTags)).tags;
    assert.deepEqual(tags, { team: "ml", "shardplan:stack": "shardplan-prod" });
    // The policy for whoever runs the program is of these resources and no others.
    const all = [...ordinary.map(({ type }) => type), ...kinds].filter((type) => type.startsWith("aws:"));
    assert.deepEqual(Object.keys(ACTIONS_OF_RESOURCES).sort(), [...new Set(all)].sort());
    await program.configure({ aws: { ...SETTINGS, ...place, subnetIds: ["subnet-0a", "subnet-0c"] } });
    await assert.rejects(
      program.stack.preview(),
      /aws\.subnetIds: subnet-0c is in vpc-0f, and subnet-0a in vpc-0e; give subnets of one VPC/,
    );
    program.facts({});
    await program.configure({ aws: SETTINGS });
  });

  it("takes the zone of a capacity block, and goes on where a check cannot be made or is skipped", async () => {
    program.hub.answer(503);
    program.facts({
      denied: ["getServiceQuota", "getProduct"],
      imageArchitecture: "arm64",
      reservation: { state: "active", zone: "us-east-1b", instanceType: "p5.48xlarge", free: 1 },
    });
    const reserved = { capacityReservationId: "cr-0123456789abcdef0" };
    await program.configure({ aws: { ...SETTINGS, ...reserved, skipChecks: ["reach", "image"] } });
    const lines = await checked();
    assert.match(said(lines, "offering"), /us-east-1b is taken/);
    assert.match(said(lines, "reservation"), /cr-0123456789abcdef0 is active in us-east-1b, 1 machines free/);
    assert.match(
      said(lines, "quota"),
      /could not be made: .*AccessDenied: not authorized to perform getServiceQuota/,
    );
    assert.match(said(lines, "price"), /could not be made: .*AccessDenied/);
    assert.match(said(lines, "hub"), /could not be made: the hub answers 503/);
    assert.match(said(lines, "image"), /skipped/);
    await program.configure({ aws: { ...SETTINGS, ...reserved, capacityBlock: true } });
    program.facts({
      reservation: { state: "scheduled", zone: "us-east-1b", instanceType: "p5.48xlarge", free: 1 },
    });
    await assert.rejects(
      up(),
      /check reservation: .* is scheduled, from 2026-11-26T11:30:00Z, and machines start only/,
    );
    assert.deepEqual(await registered(), []);
    program.hub.answer(200);
    program.facts({});
    await program.configure({ aws: { sshAllowedCidrs: [], skipChecks: ["reach"] } });
  });

  it("refuses EFA among machines that have none", async () => {
    await program.configure({
      model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
      hardware: { instanceType: "g6e.xlarge", nodes: 2, network: "efa" },
      strategy: { ...PINNED, tensorParallel: 1, pipelineParallel: 2 },
      workload: { ...WORKLOAD, requestRate: 0.1 },
    });
    await assert.rejects(
      program.stack.preview(),
      /hardware\.network: is efa, and a g6e\.xlarge has no such interface/,
    );
    await program.configure({ model: {}, hardware: {}, strategy: PINNED, workload: WORKLOAD });
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

  it("changes vLLM's arguments by running only vLLM's step, the proof and what watches again", async () => {
    await program.configure({ serving: { maxNumSeqs: 120 } });
    const { changes, steps } = await up();
    // Other arguments promise other figures: the rules that watch them follow.
    assert.deepEqual(changes, { update: 4 });
    assert.deepEqual(steps, ["vllm", "verify", "load", "monitoring"]);
  });

  it("takes the timer away that shuts a machine down, once nobody wants it any more", async () => {
    await program.configure({ cost: { stopAfterIdleHours: 2 } });
    assert.deepEqual((await up()).steps, ["stop"]);
    await program.configure({ cost: {} });
    await program.stack.up();
    const done = program.host.received().map(({ step, action }) => `${step} ${action}`);
    assert.deepEqual(done, ["stop remove"]);
  });

  it("tells CloudWatch where the stack wants it, raises alarms from then on, and takes all of it back", async () => {
    /** What the machines' role may do. */
    const statements = (): string[] => {
      const [policy] = program.account.list(AWS.rolePolicy);
      const { Statement } = JSON.parse(String(policy?.properties.policy)) as { Statement: object[] };
      return Statement.map((one) => JSON.stringify(one));
    };
    const before = { statements: statements(), resources: program.account.all().length };
    await program.configure({ monitoring: { cloudWatch: { on: true, alarmEmail: "oncall@example.com" } } });
    // Silence is an alarm, so none is there before the first figures are. The logs' step may run beside the one that fails.
    program.host.failNext(
      "publisher",
      "error: node-0 (127.0.0.1): the metrics do not reach CloudWatch; see its log",
    );
    await assert.rejects(up(), /the metrics do not reach CloudWatch/);
    assert.deepEqual(program.account.list(AWS.metricAlarm), []);
    const { outputs } = await program.stack.up();
    const received = program.host.received().filter(({ step }) => step === "publisher");
    const scripts = received.map(({ script }) => script).join("\n");
    const [group] = program.account.list(AWS.logGroup);
    const grants = statements()
      .filter((one) => !before.statements.includes(one))
      .map((one) => JSON.parse(one));
    assert.deepEqual(grants, [
      {
        Effect: "Allow",
        Action: "cloudwatch:PutMetricData",
        Resource: "*",
        Condition: { StringEquals: { "cloudwatch:namespace": "shardplan/shardplan-prod" } },
      },
      {
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: `${group?.properties.arn}:*`,
      },
    ]);
    assert.deepEqual(
      [group?.properties.name, group?.properties.retentionInDays],
      ["/shardplan/shardplan-prod", 30],
    );
    assert.equal(outputs.cloudWatch?.value.logs, "/shardplan/shardplan-prod");
    const [topic] = program.account.list(AWS.topic);
    const alarms = program.account.list(AWS.metricAlarm);
    assert.equal(alarms.length, 7);
    for (const { properties } of alarms) {
      assert.equal(properties.namespace, "shardplan/shardplan-prod");
      assert.deepEqual(properties.alarmActions, [topic?.properties.arn]);
      const isLiveness = properties.metricName === "EngineUp";
      assert.equal(properties.treatMissingData, isLiveness ? "breaching" : "missing");
    }
    assert.equal(outputs.cloudWatch?.value.topic, topic?.properties.arn);
    // What is put, and what alarms look for, are of one namespace.
    assert.match(scripts, /"namespace": "shardplan\/shardplan-prod"/);
    assert.match(scripts, /"group": "\/shardplan\/shardplan-prod",\n "stream": "node-0",\n "days": 30/);
    await program.configure({ monitoring: {} });
    await program.stack.up();
    const done = program.host.received().map(({ step, action }) => `${step} ${action}`);
    assert.deepEqual(done, ["publisher remove", "publisher remove"]);
    assert.deepEqual(statements(), before.statements);
    assert.equal(program.account.all().length, before.resources);
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
    assert.deepEqual(steps, ["vllm", "verify", "load", "monitoring"]);
  });

  it("registers nothing when the plan fails, and says why on one line each", async () => {
    await program.configure({ strategy: { ...PINNED, tensorParallel: 1, dataParallel: 8 } });
    const printed: string[] = [];
    await assert.rejects(program.stack.preview({ onOutput: (text) => printed.push(text) }));
    const text = printed.join("");
    // 70.6 billion parameters of 2 bytes
    assert.match(text, /weights-fit: Each GPU would have to hold 131\.42 GiB of weights/);
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
      ...["verify", "load", "monitoring", "monitoring"],
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
      /aws\.availabilityZone: is us-east-1b, and i-\w+ runs in us-east-1a\s+the machine .*aws\.allowReplace is not set/;
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
    const elsewhere = { ...SETTINGS, allowReplace: true, availabilityZone: "us-east-1b" };
    await program.configure({
      aws: elsewhere,
      hardware: { nodes: 2 },
      strategy: { ...PINNED, dataParallel: 2 },
    });
    // Both at once: Pulumi lets the machines go, EC2 does not.
    await assert.rejects(up(), /OperationNotPermitted: .*disableApiTermination/);
    assert.equal(machines().length, 2);
    await program.configure({ aws: { ...SETTINGS, allowReplace: true } });
    await up();
    await program.configure({ hardware: { nodes: 1 }, strategy: PINNED });
    await up();
    assert.equal(machines().length, 1);
  });

  it("moves to another zone when it may, and sets up the new machine behind the old address", async () => {
    const [old] = machines();
    await program.configure({ aws: { ...SETTINGS, allowReplace: true, availabilityZone: "us-east-1b" } });
    const { steps, outputs, text } = await up();
    assert.match(
      text,
      /aws\.allowReplace is set, so this change replaces machines \(aws\.availabilityZone: is us-east-1b, and i-\w+ runs in us-east-1a\): without service until .* 141 GB of weights again/,
    );
    assert.notEqual(machines()[0], old);
    assert.deepEqual(steps, STEPS);
    assert.equal(outputs.endpoint, "https://127.0.0.1");
    const subnets = program.account.list(AWS.subnet).map(({ properties }) => properties.cidrBlock);
    assert.deepEqual(subnets, ["10.42.16.0/20"]);
  });

  it("stays in the zone where its machine is when the configuration names none", async () => {
    const [machine] = machines();
    await program.configure({ aws: { ...SETTINGS, allowReplace: true } });
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

  it("makes no second machine where one runs that the state does not know", async () => {
    const lost = {
      id: "i-0123456789abcdef0",
      type: AWS.instance,
      name: "aws-node-0",
      properties: {
        tags: { "shardplan:node": "shardplan-prod/node-0" },
        availabilityZone: "us-east-1a",
        instanceType: "p5.48xlarge",
        ami: "ami-0123456789abcdef0",
        privateIp: "10.42.0.99",
      },
    };
    program.account.put(lost);
    await program.configure({ aws: SETTINGS });
    const refusal =
      /i-0123456789abcdef0 of this stack runs as node-0, and the state does not know it; .*: npm run adopt -- --stack prod aws-node-0=i-0123456789abcdef0; or end it: .* terminate-instances --region us-east-1 --instance-ids i-0123456789abcdef0/;
    const { stdout, stderr } = await program.stack.preview();
    assert.match(`${stdout}${stderr}`, refusal);
    await assert.rejects(up(), refusal);
    assert.deepEqual(machines(), [lost.id]);
    program.account.remove(lost);
  });

  it("goes from zone to zone until one has a machine free", async () => {
    program.facts({ dryZones: ["us-east-1a", "us-east-1b"] });
    await program.configure({ aws: { ...SETTINGS, allowReplace: true } });
    const lines: string[] = [];
    const once = async (zones: readonly string[]) => {
      const restore = setVariables({ [TRIED_ZONES]: zones.join(",") });
      try {
        return { isUp: true, output: (await program.stack.up()).stdout };
      } catch (error) {
        return { isUp: false, output: String(error) };
      } finally {
        restore();
      }
    };
    assert.ok(await upInTurn(once, (line) => lines.push(line)), lines.join("; "));
    assert.deepEqual(
      lines.map((line) => line.split(" ")[0]),
      ["us-east-1a", "us-east-1b"],
    );
    const zones = program.account.list(AWS.instance).map(({ properties }) => properties.availabilityZone);
    assert.deepEqual(zones, ["us-east-1c"]);
    const restore = setVariables({ [TRIED_ZONES]: "us-east-1c" });
    await assert.rejects(
      program.stack.preview(),
      /no p5\.48xlarge is free in us-east-1c, and the stack is bound to it .*; try again later, or set shardplan:aws\.region/,
    );
    restore();
    await program.stack.destroy();
  });
});
