import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { Asked } from "../../../infra/aws/checks/asked";
import { accountLooks } from "../../../infra/aws/checks/looks";
import { reachThrough } from "../../../infra/aws/checks/reach";
import { refuseToLose, runningMachines } from "../../../infra/aws/machines";
import { existingSubnets } from "../../../infra/aws/place";
import { type Finding, whyNot } from "../../../infra/checks/finding";
import { lookAtHub } from "../../../infra/checks/hub";
import { bastionOf } from "../../../infra/hosts/bastion";
import { type CheckName, type DeploymentInput, parseDeployment } from "../../../lib/config";
import { plan } from "../../../lib/strategy";
import { newKeyPair } from "../../engine/fake-host";
import { setVariables } from "../../engine/fake-hub";
import {
  block,
  DENIED,
  imageOf,
  offered,
  priceList,
  quota,
  reserved,
  spotPrice,
  typeWith,
  USUAL,
} from "./aws-api/answers";
import { type ApiAnswers, lookUp, Refusal } from "./aws-api/lookups";
import { type Fields, RECORDED } from "./aws-api/shapes";

const SMALL = {
  model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
  hardware: { instanceType: "g6e.xlarge" },
  serving: { maxNumSeqs: 32, maxNumBatchedTokens: 1024 },
  workload: { requestRate: 0.2, simulatedRequests: 100 },
};
const RESERVED = "cr-0123456789abcdef0";
const IMAGE = "ami-0123456789abcdef0";

let answers: ApiAnswers = USUAL;

/** The finding of one check of a stack. */
async function look(
  name: CheckName,
  changed: ApiAnswers = {},
  input: DeploymentInput = {},
): Promise<Finding | undefined> {
  answers = { ...USUAL, ...changed };
  const deployment = parseDeployment({ ...SMALL, ...input });
  const asked: Asked = { plan: plan(deployment), zone: "us-east-1a", missing: 1, account: {}, prices: {} };
  return accountLooks(asked)[name]?.();
}

async function says(finding: Promise<Finding | undefined>, verdict: Finding["verdict"], text: RegExp) {
  const found = await finding;
  assert.equal(found?.verdict, verdict, found?.text);
  assert.match(found?.text ?? "", text);
}

/** A check could not be made, and says why in so many words. */
async function cannot(
  name: CheckName,
  changed: ApiAnswers,
  why: RegExp,
  input: DeploymentInput = {},
): Promise<void> {
  await assert.rejects(look(name, changed, input), (error) => {
    assert.match(whyNot(error), why);
    return true;
  });
}

describe("a check of the account says", () => {
  before(() =>
    pulumi.runtime.setMocks({
      newResource: () => ({ id: "none", state: {} }),
      call: ({ token }) => lookUp(answers, token),
    }),
  );

  it("which zones have the type, and that the region has none", async () => {
    await says(
      look("offering"),
      "passes",
      /^us-east-1a, us-east-1b, us-east-1c, us-east-1d offer g6e\.xlarge, us-east-1a is taken$/,
    );
    await says(
      look("offering", offered("us-east-1c")),
      "fails",
      /does not offer .*availabilityZone to us-east-1c$/,
    );
    await says(look("offering", offered()), "fails", /us-east-1 has none; set shardplan:aws\.region to one/);
  });

  it("what EC2 says of the type where the plan was made with something else", async () => {
    await says(look("catalogue"), "passes", /what was planned: 1 x L40S, 45776 MiB each$/);
    const gpu = (changed: object) => typeWith((type) => Object.assign(type.GpuInfo.Gpus[0], changed));
    await says(look("catalogue", gpu({ Count: 4 })), "fails", /has 4 GPUs \(planned with 1\); choose/);
    await says(
      look("catalogue", gpu({ MemoryInfo: { SizeInMiB: 24_000 } })),
      "fails",
      /24000 MiB of memory a GPU/,
    );
    const with_ = (changed: object) =>
      look(
        "catalogue",
        typeWith((type) => Object.assign(type, changed)),
      );
    await says(with_({ GpuInfo: undefined }), "fails", /has 0 GPUs/);
    await says(with_({ VCpuInfo: { DefaultVCpus: 8 } }), "warns", /8 vCPUs \(planned with 4\)/);
    await says(with_({ MemoryInfo: { SizeInMiB: 65_536 } }), "warns", /64 GiB of memory/);
    const efa = { EfaSupported: true, EfaInfo: { MaximumEfaInterfaces: 1 } };
    await says(with_({ NetworkInfo: efa }), "warns", /1 EFA interfaces/);
  });

  it("the quota and the command that raises it, of spot, too", async () => {
    await says(
      look("quota"),
      "passes",
      /1 x g6e\.xlarge need 4 vCPUs, the quota "Running On-Demand G and VT/,
    );
    const raise = /is 3; ask for more, .*--quota-code L-DB2E81BA --desired-value 4$/;
    await says(look("quota", quota("L-DB2E81BA", { usual: 0, given: 3 })), "fails", raise);
    const spot = quota("L-3819A6DF", { usual: 0, given: 0 });
    await says(look("quota", spot, { aws: { spot: true } }), "fails", /Spot .* --quota-code L-3819A6DF/);
    await says(look("quota", quota("L-DB2E81BA", { usual: 0 })), "fails", /is 0; ask for more/);
    const block = { aws: { capacityReservationId: RESERVED, capacityBlock: true } };
    assert.equal(await look("quota", {}, block), undefined);
  });

  it("what is wrong with a reservation or a block", async () => {
    assert.equal(await look("reservation"), undefined);
    const aws = { capacityReservationId: RESERVED };
    const of = (changed: Fields) => look("reservation", reserved(changed), { aws });
    await says(of({}), "passes", /cr-0123456789abcdef0 is active in us-east-1a, 1 machines free$/);
    await says(of({ State: "expired" }), "fails", /is expired, and machines start only while it is active/);
    const elsewhere = of({ AvailabilityZone: "us-east-1c" });
    await says(
      elsewhere,
      "fails",
      /is of us-east-1c, not us-east-1a: set shardplan:aws\.availabilityZone to us-east-1c/,
    );
    await says(of({ InstanceType: "p5.48xlarge" }), "fails", /is for p5\.48xlarge, not g6e\.xlarge/);
    await says(of({ AvailableInstanceCount: 0 }), "fails", /has 0 machines free, the stack needs 1/);
    const ofBlock = (changed: ApiAnswers) =>
      look("reservation", changed, { aws: { ...aws, capacityBlock: true } });
    await says(
      ofBlock(block({ State: "scheduled", AvailableInstanceCount: 0 })),
      "fails",
      /is scheduled, from 2026-12-01T11:30:00\+00:00, and machines start only/,
    );
    await says(ofBlock(block({})), "passes", /is active in us-east-1a, 1 machines free$/);
  });

  it("that there is no such reservation or block", async () => {
    const aws = { capacityReservationId: RESERVED };
    const none = /cr-0123456789abcdef0 is no reservation of us-east-1 that this account has$/;
    const unknown = new Refusal("ResourceNotFoundException", `no ${RESERVED}`);
    await says(look("reservation", { "cloudcontrol:GetResource": unknown }, { aws }), "fails", none);
    const noBlock = {
      "ec2:DescribeCapacityReservations": new Refusal(
        "InvalidCapacityReservationId.NotFound",
        `no ${RESERVED}`,
      ),
    };
    await says(look("reservation", noBlock, { aws: { ...aws, capacityBlock: true } }), "fails", none);
  });

  it("what all costs, that it is too dear, and that the plan has another price", async () => {
    await says(
      look("price"),
      "passes",
      /\$1\.86 an hour on demand .* about \$1\.\d\d an hour, \$4\d\.\d\d a day, \$1,\d{3}\.\d\d in a month/,
    );
    // The machine alone would be below the cap.
    const cap = { cost: { maxUsdPerHour: 1.87 } };
    await says(
      look("price", {}, cap),
      "fails",
      /cost\.maxUsdPerHour: is \$1\.87, and g6e\.xlarge is \$1\.86 .*volumes \(\$0\.02\), addresses \(\$0\.01\)/,
    );
    await says(look("price", priceList(3)), "warns", /planned with \$1\.86; .*cost\.priceUsdPerHour 3$/);
    const spot = look("price", spotPrice("0.550000"), { aws: { spot: true } });
    await says(spot, "warns", /\$0\.55 an hour as spot in us-east-1a now, planned with \$1\.86/);
    const own = { cost: { priceUsdPerHour: 1 } };
    await says(look("price", priceList(3), own), "passes", /\$3\.00 an hour/);
    const block = { aws: { capacityReservationId: RESERVED, capacityBlock: true } };
    assert.equal(await look("price", {}, block), undefined);
  });

  it("why there is no price", async () => {
    await cannot("price", priceList(), /^Pricing product query did not return any elements$/);
    await cannot(
      "price",
      priceList(1, 2),
      /^Pricing product query not precise enough\. Returned 2 elements$/,
    );
    const noSpot = { "ec2:DescribeSpotPriceHistory": { SpotPriceHistory: [] } };
    await cannot("price", noSpot, /^no EC2 Spot Price History found/, { aws: { spot: true } });
  });

  it("why an image does not do", async () => {
    await says(
      look("image"),
      "passes",
      /^ami-\w+ \(amzn2-ami-hvm-\S+\) is x86_64, its 15 GB fit on the root volume$/,
    );
    const none = { "ec2:DescribeImages": RECORDED["ec2:DescribeImages of none"] ?? {} };
    await says(
      look("image", none, { aws: { amiId: IMAGE } }),
      "fails",
      /^aws\.amiId: ami-0123456789abcdef0 is no image of us-east-1 that this account may use/,
    );
    const arm = { "ec2:DescribeImages": RECORDED["ec2:DescribeImages of arm64"] ?? {} };
    await says(look("image", arm), "fails", /is for arm64, and g6e\.xlarge is x86_64/);
    await says(
      look("image", imageOf({ VolumeSize: 75 }), { aws: { rootVolumeGb: 50 } }),
      "fails",
      /aws\.rootVolumeGb: is 50, and the image \S+ needs 75/,
    );
    await says(look("image", imageOf(undefined)), "passes", /its 0 GB fit/);
    const { Code, Message } = RECORDED["ssm:GetParameter refused"] as { Code: string; Message: string };
    await says(
      look("image", { "ssm:GetParameter": new Refusal(Code, Message) }),
      "fails",
      /^aws\.amiId: is not set, and us-east-1 has no \/aws\/service\/\S+; set it to an image of that region$/,
    );
  });

  it("in AWS's words what the caller may not ask", async () => {
    const checks: readonly CheckName[] = ["offering", "catalogue", "quota", "reservation", "price", "image"];
    const aws = { capacityReservationId: RESERVED };
    for (const name of checks)
      await cannot(name, DENIED, /^(UnauthorizedOperation|AccessDeniedException): /, { aws });
    await cannot("price", DENIED, /^UnauthorizedOperation: /, { aws: { spot: true } });
    await cannot("reservation", DENIED, /^UnauthorizedOperation: /, { aws: { ...aws, capacityBlock: true } });
  });

  it("which machines of the stack run, and why they would be replaced", async () => {
    answers = USUAL;
    const machines = await runningMachines({});
    assert.deepEqual(
      machines.map(({ availabilityZone, instanceType }) => `${instanceType} in ${availabilityZone}`),
      ["g6e.xlarge in us-east-1a"],
    );
    const moved = parseDeployment({ ...SMALL, aws: { availabilityZone: "us-east-1c" } });
    assert.throws(
      () => refuseToLose(machines, plan(moved)),
      /aws\.availabilityZone: is us-east-1c, and i-\w+ runs in us-east-1a\s+the machine would be deleted/,
    );
    answers = { ...USUAL, "ec2:DescribeInstances": RECORDED["ec2:DescribeInstances of none"] ?? {} };
    assert.deepEqual(await runningMachines({}), []);
    answers = DENIED;
    await assert.rejects(runningMachines({}), /UnauthorizedOperation/);
  });

  it("which of the given subnets there is not", async () => {
    const settings = parseDeployment({ ...SMALL, aws: { subnetIds: ["subnet-0a"] } });
    answers = USUAL;
    const [subnet] = await existingSubnets(settings, {});
    assert.equal(subnet?.availabilityZone, "us-east-1a");
    const { Code, Message } = RECORDED["ec2:DescribeSubnets refused"] as { Code: string; Message: string };
    answers = { "ec2:DescribeSubnets": new Refusal(Code, Message) };
    await assert.rejects(
      existingSubnets(settings, {}),
      /^\S*: aws\.subnetIds: there is no subnet-0a in this account/,
    );
    answers = DENIED;
    await assert.rejects(existingSubnets(settings, {}), /UnauthorizedOperation/);
  });

  it("whether the machine would let this one in, by what AWS sees of it", async () => {
    const aws = { sshAllowedCidrs: ["203.0.113.0/29"] };
    const { fetch } = globalThis;
    const seenAs = (address: string) => {
      globalThis.fetch = async () => new Response(`${address}\n`);
    };
    try {
      seenAs("203.0.113.7");
      await says(
        look("reach", {}, { aws }),
        "passes",
        /this machine's address 203\.0\.113\.7 is in aws\.sshAllowed/,
      );
      seenAs("198.51.100.1");
      await says(
        look("reach", {}, { aws }),
        "warns",
        /seen as 198\.51\.100\.1, .*sshAllowedCidrs\[1\]' 198\.51\.100\.1\/32/,
      );
      const inside = { publicAddress: false, subnetIds: ["subnet-0a"] };
      assert.equal(await look("reach", {}, { aws: inside }), undefined);
    } finally {
      globalThis.fetch = fetch;
    }
  });
});

describe("the check of the way in says of a bastion", () => {
  it("that nothing answers there", async () => {
    const bastion = { address: "127.0.0.1", port: 1, user: "jump", hostKey: `ssh-ed25519 ${"A".repeat(68)}` };
    const found = bastionOf({ bastion }, { sshPrivateKey: pulumi.secret(newKeyPair().privateKey) });
    const deployment = parseDeployment(SMALL);
    const asked: Asked = {
      plan: plan(deployment),
      zone: "us-east-1a",
      missing: 1,
      account: {},
      prices: {},
      bastion: found,
    };
    const reach = accountLooks(asked).reach?.() ?? Promise.resolve(undefined);
    await says(reach, "fails", /^bastion \(127\.0\.0\.1\): no SSH answer on port 1 /);
  }).timeout(20_000);

  it("whether the machines let it in, where its address tells", () => {
    const { verdict, text } = reachThrough("10.0.0.5", ["10.1.0.0/16"]);
    assert.equal(verdict, "warns");
    assert.match(
      text,
      /the bastion 10\.0\.0\.5 is in none of the ranges; .*sshAllowedCidrs\[1\]' 10\.0\.0\.5\/32$/,
    );
    assert.equal(reachThrough("10.0.0.5", ["10.0.0.0/16"]).verdict, "passes");
    assert.equal(reachThrough("bastion.example.com", ["10.1.0.0/16"]).verdict, "passes");
    assert.equal(reachThrough("203.0.113.5", ["10.1.0.0/16"]).verdict, "passes");
  });
});

describe("the check of the hub says", () => {
  const token = { huggingFaceToken: pulumi.output("hf_example") };
  const { fetch } = globalThis;
  afterEach(() => {
    globalThis.fetch = fetch;
  });
  const ask = (
    status: number,
    secrets: { huggingFaceToken?: pulumi.Output<string> },
    name = SMALL.model.name,
  ) => {
    globalThis.fetch = async () => new Response(null, { status });
    return lookAtHub(parseDeployment({ ...SMALL, model: { name } }), secrets);
  };

  it("what each of the hub's answers means", async () => {
    await says(ask(302, token), "passes", /^the hub gives meta-llama\/Llama-3\.1-8B-Instruct to this token$/);
    await says(
      ask(200, {}),
      "fails",
      /huggingFaceToken: is not set, .* accepted its licence; accept it on https:/,
    );
    await says(ask(401, token), "fails", /the hub does not know the token, or has no meta-llama/);
    await says(
      ask(401, {}, "Qwen/Qwen3-8B"),
      "fails",
      /huggingFaceToken: is not set, and the hub gives Qwen\/Qwen3-8B only/,
    );
    await says(
      ask(403, token),
      "fails",
      /has not accepted the licence of meta-llama\/Llama-3\.1-8B-Instruct; accept it/,
    );
    await says(
      ask(404, token),
      "fails",
      /the hub has no config\.json of \S+ at revision main; correct model\.name/,
    );
    await assert.rejects(ask(503, token), /the hub answers 503/);
  });

  it("nothing where weights come from elsewhere, and that it was not asked offline", async () => {
    const model = { ...SMALL.model, source: "path" as const, location: "/models" };
    assert.equal(await lookAtHub(parseDeployment({ ...SMALL, model }), {}), undefined);
    const restore = setVariables({ HF_HUB_OFFLINE: "1" });
    await assert.rejects(ask(200, token), /HF_HUB_OFFLINE is set/).finally(restore);
  });
});
