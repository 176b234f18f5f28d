import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { Asked } from "../../../infra/aws/checks/asked";
import { accountLooks } from "../../../infra/aws/checks/looks";
import type { Finding } from "../../../infra/checks/finding";
import { lookAtHub } from "../../../infra/checks/hub";
import { type CheckName, type DeploymentInput, parseDeployment } from "../../../lib/config";
import { plan } from "../../../lib/strategy";
import { setVariables } from "../../engine/fake-hub";

/** What the plugin answers to a lookup, by the lookup's name. An error is what AWS refuses with. */
type Answers = Readonly<Record<string, object | Error>>;

const SMALL = {
  model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
  hardware: { instanceType: "g6e.xlarge" },
  serving: { maxNumSeqs: 32, maxNumBatchedTokens: 1024 },
  workload: { requestRate: 0.2, simulatedRequests: 100 },
};
const RESERVED = "cr-0123456789abcdef0";
/** As the engine hands on what the plugin throws. */
const refusal = (text: string) => Object.assign(new Error(text), { details: text });
const IMAGE = "ami-0123456789abcdef0";

const priceOf = (usd: number) => ({
  result: JSON.stringify({
    terms: { OnDemand: { term: { priceDimensions: { dimension: { pricePerUnit: { USD: `${usd}` } } } } } },
  }),
});
const TYPE = {
  gpuses: [{ count: 1, manufacturer: "NVIDIA", memorySize: 45_776, name: "L40S" }],
  defaultVcpus: 4,
  memorySize: 32 * 1024,
  efaMaximumInterfaces: 0,
};
const PICTURE = {
  architecture: "x86_64",
  name: "Deep Learning Base",
  rootDeviceName: "/dev/sda1",
  blockDeviceMappings: [{ deviceName: "/dev/sda1", ebs: { volume_size: "75" } }],
};
const QUOTA = { value: 8, quotaName: "Running On-Demand G and VT instances" };
const RESERVATION = {
  State: "active",
  AvailabilityZone: "us-east-1a",
  InstanceType: "g6e.xlarge",
  AvailableInstanceCount: 1,
};
const reservation = (changed: object) => ({ properties: JSON.stringify({ ...RESERVATION, ...changed }) });

/** An account in which nothing stands against the machine. */
const USUAL: Answers = {
  getInstanceTypeOfferings: { locations: ["us-east-1b", "us-east-1a"] },
  getInstanceType: TYPE,
  getServiceQuota: QUOTA,
  getProduct: priceOf(1.861),
  getSpotPrice: { spotPrice: "0.55" },
  getParameter: { insecureValue: IMAGE, value: IMAGE },
  getAmi: PICTURE,
  getResource: reservation({}),
  getCapacityBlockReservation: {
    state: "scheduled",
    availabilityZone: "us-east-1a",
    instanceType: "g6e.xlarge",
    availableInstanceCount: 0,
    startDate: "2026-12-01T11:30:00Z",
  },
};

let answers: Answers = USUAL;

/** The finding of one check of a stack. */
async function look(
  name: CheckName,
  changed: Answers = {},
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

describe("a check of the account says", () => {
  before(() =>
    pulumi.runtime.setMocks({
      newResource: () => ({ id: "none", state: {} }),
      call: ({ token }) => {
        const answer = answers[token.split(":").at(-1) ?? ""];
        if (answer === undefined) throw new Error(`no answer for ${token}`);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    }),
  );

  it("which zones have the type, and that the region has none", async () => {
    await says(look("offering"), "passes", /^us-east-1a, us-east-1b offer g6e\.xlarge, us-east-1a is taken$/);
    const elsewhere = { getInstanceTypeOfferings: { locations: ["us-east-1c"] } };
    await says(look("offering", elsewhere), "fails", /does not offer .*availabilityZone to us-east-1c$/);
    const none = { getInstanceTypeOfferings: { locations: [] } };
    await says(look("offering", none), "fails", /us-east-1 has none; set shardplan:aws\.region to one/);
  });

  it("what EC2 says of the type where the plan was made with something else", async () => {
    await says(look("catalogue"), "passes", /what was planned: 1 x L40S, 45776 MiB each$/);
    const type = (changed: object) => ({ getInstanceType: { ...TYPE, ...changed } });
    const gpu = (changed: object) => type({ gpuses: [{ ...TYPE.gpuses[0], ...changed }] });
    await says(look("catalogue", gpu({ count: 4 })), "fails", /has 4 GPUs \(planned with 1\); choose/);
    await says(look("catalogue", gpu({ memorySize: 24_000 })), "fails", /24000 MiB of memory a GPU/);
    await says(look("catalogue", type({ gpuses: [] })), "fails", /has 0 GPUs/);
    await says(look("catalogue", type({ defaultVcpus: 8 })), "warns", /8 vCPUs \(planned with 4\)/);
    await says(look("catalogue", type({ memorySize: 65_536 })), "warns", /64 GiB of memory/);
    await says(look("catalogue", type({ efaMaximumInterfaces: 1 })), "warns", /1 EFA interfaces/);
  });

  it("the quota and the command that raises it, of spot, too", async () => {
    await says(
      look("quota"),
      "passes",
      /1 x g6e\.xlarge need 4 vCPUs, the quota "Running On-Demand G and VT/,
    );
    const raise = /is 3; ask for more, .*--quota-code L-DB2E81BA --desired-value 4$/;
    await says(look("quota", { getServiceQuota: { ...QUOTA, value: 3 } }), "fails", raise);
    const spot = { getServiceQuota: { value: 0, quotaName: "All G and VT Spot Instance Requests" } };
    await says(look("quota", spot, { aws: { spot: true } }), "fails", /Spot .* --quota-code L-3819A6DF/);
    const block = { aws: { capacityReservationId: RESERVED, capacityBlock: true } };
    assert.equal(await look("quota", {}, block), undefined);
  });

  it("what is wrong with a reservation or a block", async () => {
    assert.equal(await look("reservation"), undefined);
    const aws = { capacityReservationId: RESERVED };
    const of = (changed: object) => look("reservation", { getResource: reservation(changed) }, { aws });
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
    const block = look("reservation", {}, { aws: { ...aws, capacityBlock: true } });
    await says(block, "fails", /is scheduled, from 2026-12-01T11:30:00Z, and machines start only/);
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
    await says(
      look("price", { getProduct: priceOf(3) }),
      "warns",
      /planned with \$1\.86; .*cost\.priceUsdPerHour 3$/,
    );
    const spot = look("price", {}, { aws: { spot: true } });
    await says(spot, "warns", /\$0\.55 an hour as spot in us-east-1a now, planned with \$1\.86/);
    const own = { cost: { priceUsdPerHour: 1 } };
    await says(look("price", { getProduct: priceOf(3) }, own), "passes", /\$3\.00 an hour/);
    await assert.rejects(
      look("price", { getProduct: { result: '{"terms":{"OnDemand":{}}}' } }),
      /no price on demand/,
    );
    const block = { aws: { capacityReservationId: RESERVED, capacityBlock: true } };
    assert.equal(await look("price", {}, block), undefined);
  });

  it("why an image does not do", async () => {
    await says(
      look("image"),
      "passes",
      /\(Deep Learning Base\) is x86_64, its 75 GB fit on the root volume$/,
    );
    const none = { getAmi: refusal("Your query returned no results. Please change your search criteria") };
    await says(
      look("image", none, { aws: { amiId: IMAGE } }),
      "fails",
      /is no image of us-east-1 that this account may use/,
    );
    await says(
      look("image", { getAmi: { ...PICTURE, architecture: "arm64" } }),
      "fails",
      /is for arm64, and g6e\.xlarge is x86_64/,
    );
    await says(
      look("image", {}, { aws: { rootVolumeGb: 50 } }),
      "fails",
      /aws\.rootVolumeGb: is 50, and the image \S+ needs 75/,
    );
    await assert.rejects(look("image", { getAmi: refusal("AccessDenied: no") }), /AccessDenied/);
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
