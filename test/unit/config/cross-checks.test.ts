import assert from "node:assert/strict";
import { type DeploymentInput, parseDeployment } from "../../../lib/config";
import { problemLines } from "./problem-lines";

const host = { address: "10.0.0.1", hostKey: `ssh-ed25519 ${"A".repeat(68)}` };

/** Each configuration, the key that its one line names, and words that the line holds. */
const REFUSED: [DeploymentInput, string, RegExp][] = [
  [
    { aws: { region: "us-west-2", availabilityZone: "us-east-1a" } },
    "aws.availabilityZone",
    /a zone of aws\.region \(us-west-2\), such as us-west-2a; given us-east-1a/,
  ],
  [{ hardware: { instanceType: "custom", gpusPerNode: 8 } }, "hardware.gpu", /is needed/],
  [{ hardware: { instanceType: "custom", gpu: "H100-SXM-80GB" } }, "hardware.gpusPerNode", /is needed/],
  [{ hardware: { gpu: "H100-SXM-80GB" } }, "hardware.gpu", /p5\.48xlarge has its own GPUs: remove it/],
  [{ hardware: { gpusPerNode: 4 } }, "hardware.gpusPerNode", /remove it/],
  [{ model: { source: "bucket" } }, "model.location", /s3:\/\/ URI .* given nothing/],
  [{ model: { source: "bucket", location: "/models" } }, "model.location", /given \/models/],
  [{ model: { source: "path", location: "models" } }, "model.location", /absolute path/],
  [
    { workload: { promptTokens: { kind: "lognormal", median: 900, mean: 800 } } },
    "workload.promptTokens.mean",
    /at least the median \(900\); given 800/,
  ],
  [
    { workload: { outputTokens: { kind: "lognormal", median: 90, mean: 100, max: 50 } } },
    "workload.outputTokens.max",
    /at least the median \(90\)/,
  ],
  [
    { workload: { promptTokens: { kind: "uniform", min: 90, max: 50 } } },
    "workload.promptTokens.max",
    /at least min \(90\)/,
  ],
  [
    { workload: { promptTokens: { kind: "empirical", quantiles: [5, 9, 8] } } },
    "workload.promptTokens.quantiles",
    /must not fall/,
  ],
  [
    // 8000 + 193 tokens are one more than the default of envelope.maxModelLen.
    {
      workload: {
        promptTokens: { kind: "fixed", tokens: 8000 },
        outputTokens: { kind: "fixed", tokens: 193 },
      },
    },
    "envelope.maxModelLen",
    /8000 \+ 193 = 8193 tokens; given 8192/,
  ],
  [
    { workload: { promptTokens: { kind: "fixed", tokens: 512 }, cachedPrefixTokens: 512 } },
    "workload.cachedPrefixTokens",
    /shorter than the shortest prompt \(512 tokens\)/,
  ],
  [
    { workload: { promptTokens: { kind: "uniform", min: 100, max: 900 }, cachedPrefixTokens: 100 } },
    "workload.cachedPrefixTokens",
    /shorter than the shortest prompt \(100 tokens\).* given 100/,
  ],
  [
    {
      workload: { promptTokens: { kind: "empirical", quantiles: [200, 500, 900] }, cachedPrefixTokens: 400 },
    },
    "workload.cachedPrefixTokens",
    /shorter than the shortest prompt \(200 tokens\)/,
  ],
  [
    { workload: { cachedPrefixTokens: 1020 } },
    "workload.cachedPrefixTokens",
    /shorter than the median prompt \(1020 tokens\)/,
  ],
  [
    {
      workload: {
        promptTokens: { kind: "lognormal", median: 900, mean: 950, min: 300 },
        cachedPrefixTokens: 300,
      },
    },
    "workload.cachedPrefixTokens",
    /shorter than the shortest prompt \(300 tokens\)/,
  ],
  [
    { workload: { promptTokens: { kind: "lognormal", median: 900, mean: 950, min: 901 } } },
    "workload.promptTokens.min",
    /at most the median \(900\); given 901/,
  ],
  [
    { workload: { cachedPrefixTokens: 500 }, serving: { prefixCaching: false } },
    "workload.cachedPrefixTokens",
    /needs serving\.prefixCaching, which is false.* given 500/,
  ],
  [
    { slo: { firstToken: { p50Ms: 5000 } } },
    "slo.firstToken.p50Ms",
    /at most slo\.firstToken\.p99Ms \(1000\).* given 5000/,
  ],
  [
    { envelope: { maxNumBatchedTokens: 64 } },
    "envelope.maxNumBatchedTokens",
    /at least envelope\.maxNumSeqs \(128\)/,
  ],
  [{ serving: { maxNumSeqs: 256 } }, "serving.maxNumSeqs", /must not exceed envelope\.maxNumSeqs \(128\)/],
  [
    { serving: { maxNumSeqs: 100, maxNumBatchedTokens: 64 } },
    "serving.maxNumBatchedTokens",
    /at least serving\.maxNumSeqs \(100\)/,
  ],
  [{ hosts: [host], hardware: { nodes: 2 } }, "hosts", /lists 1 of the 2 machines/],
  [{ hosts: [host, host], hardware: { nodes: 2 } }, "hosts", /names 10\.0\.0\.1:22 twice/],
  [{ serving: { packageSource: "wheelhouse" } }, "serving.packageLocation", /absolute path on the hosts/],
  [
    {
      serving: {
        packageSource: "wheelhouse",
        packageLocation: "/srv/wheels",
        packageIndex: "https://pypi.example.com/simple",
      },
    },
    "serving.packageIndex",
    /is not asked with serving\.packageSource wheelhouse/,
  ],
  [{ gateway: { domain: "llm.example.com", port: 80 } }, "gateway.port", /must not be 80/],
  [
    { gateway: { domain: "llm.example.com", on: "all" }, hardware: { nodes: 2 } },
    "gateway.on",
    /must be first with gateway\.domain/,
  ],
  [{ aws: { capacityBlock: true } }, "aws.capacityReservationId", /cr-/],
  [
    { aws: { capacityReservationId: "cr-0123456789abcdef0", spot: true } },
    "aws.spot",
    /a reservation has no spot machines/,
  ],
  [{ aws: { publicAddress: false } }, "aws.subnetIds", /subnets with a way out/],
  [
    { bastion: { address: "10.0.0.5", port: 2222 } },
    "bastion.hostKey",
    /ssh-keyscan -p 2222 -t ed25519 10\.0\.0\.5/,
  ],
  [{ bastion: { hostKey: host.hostKey } }, "bastion.address", /is needed with the other keys of bastion/],
  [
    { aws: { instanceProfile: "gpu", permissionsBoundary: "arn:aws:iam::123456789012:policy/edge" } },
    "aws.permissionsBoundary",
    /makes no role then/,
  ],
  [
    { aws: { sshAllowedCidrs: ["10.0.0.0/8", "10.0.0.0/8"] } },
    "aws.sshAllowedCidrs",
    /has 10\.0\.0\.0\/8 twice/,
  ],
  [
    { gateway: { domain: "llm.example.com", allowedCidrs: ["203.0.113.0/24"] } },
    "gateway.allowedCidrs",
    /must contain 0\.0\.0\.0\/0 with gateway\.domain/,
  ],
  [
    { serving: { extraArgs: ["--seed=1", "--max-model-len=4096"] } },
    "serving.extraArgs.1",
    /comes from the plan; set envelope\.maxModelLen/,
  ],
];

for (const [name, value] of [
  ["HF_TOKEN", `hf_${"a".repeat(34)}`],
  ["MY_SETTING", `hf_${"a".repeat(34)}`],
  ["VLLM_API_KEY", "letmein"],
  ["AWS_SECRET_ACCESS_KEY", "x/y"],
  ["PROXY", "http://user:word@proxy:3128"],
] as const)
  REFUSED.push([
    { serving: { environment: { [name]: value } } },
    `serving.environment.${name}`,
    /like a secret/,
  ]);

describe("rules between keys", () => {
  for (const [values, key, words] of REFUSED) {
    it(`refuse ${JSON.stringify(values).slice(0, 90)}`, () => {
      const lines = problemLines(() => parseDeployment(values));
      assert.equal(lines.length, 1, lines.join("\n"));
      assert.match(lines[0] ?? "", new RegExp(`^configuration: ${key.replaceAll(".", "\\.")}: `));
      assert.match(lines[0] ?? "", words);
    });
  }

  it("take a p50 target along that was left as it stood, by default or in the file", () => {
    const slo = { decode: { p50Ms: 50, p99Ms: 100 } };
    assert.deepEqual(parseDeployment({ slo: { decode: { p99Ms: 1 } } }).slo.decode, { p50Ms: 1, p99Ms: 1 });
    assert.deepEqual(parseDeployment({ slo }, ["slo.decode.p99Ms=20"]).slo.decode, { p50Ms: 20, p99Ms: 20 });
    assert.deepEqual(parseDeployment({ slo }, ["slo.decode.p99Ms=70"]).slo.decode, { p50Ms: 50, p99Ms: 70 });
  });

  it("refuse a p50 target above the p99 one whoever wrote both, the default's figure too", () => {
    const slo = { decode: { p50Ms: 50, p99Ms: 20 } };
    const both = /slo\.decode\.p50Ms: must be at most slo\.decode\.p99Ms \(20\).*; given 50/;
    assert.throws(() => parseDeployment({ slo }), both);
    assert.throws(() => parseDeployment({}, ["slo.decode.p99Ms=20", "slo.decode.p50Ms=50"]), both);
    assert.throws(() => parseDeployment({}, ['slo.decode={"p50Ms": 50, "p99Ms": 20}']), both);
    assert.throws(() => parseDeployment({}, ["slo.decode.p50Ms=101"]), /given 101/);
  });

  it("take variables that only sound like a secret", () => {
    const environment = {
      HF_HUB_DISABLE_IMPLICIT_TOKEN: "1",
      HF_TOKEN_PATH: "/etc/token",
      TOKENIZERS_PARALLELISM: "false",
      VLLM_CPU_KVCACHE_SPACE: "1",
    };
    assert.deepEqual(parseDeployment({ serving: { environment } }).serving.environment, environment);
  });

  it("take hosts that agree with the nodes", () => {
    const other = { ...host, port: 2222 };
    assert.equal(parseDeployment({ hosts: [host, other], hardware: { nodes: 2 } }).hosts[1]?.port, 2222);
  });
});
