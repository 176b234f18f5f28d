import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pricingRegion } from "../../../infra/aws/checks/price";
import { reachFrom } from "../../../infra/aws/checks/reach";
import { sideCosts } from "../../../infra/aws/checks/side-costs";
import { mayHaveCredentials } from "../../../infra/aws/credentials";
import { ACTIONS_OF_LOOKUPS, operatorPolicy } from "../../../infra/aws/operator-policy";
import { attemptText, zoneAskedLast } from "../../../infra/aws/tried-zones";
import { whyNot } from "../../../infra/checks/finding";
import { type Ended, upInTurn } from "../../../infra/up/in-turn";
import { parseDeployment } from "../../../lib/config";
import { plan } from "../../../lib/strategy";
import { lookups } from "../../../rehearsal/providers/aws-answers";

describe("the check whether machines would let this one in", () => {
  it("passes for an address in one of the ranges, and else prints the command that adds it", () => {
    assert.equal(reachFrom("203.0.113.7", ["198.51.100.0/24", "203.0.113.0/29"]).verdict, "passes");
    const { verdict, text } = reachFrom("203.0.113.8", ["203.0.113.0/29"]);
    assert.equal(verdict, "warns");
    assert.match(text, /config set --path 'shardplan:aws\.sshAllowedCidrs\[1\]' 203\.0\.113\.8\/32$/);
  });

  it("is not made with an answer that is no address", () => {
    assert.throws(() => reachFrom("<html>sign in</html>", ["0.0.0.0/0"]), /answers "<html>/);
  });
});

describe("a check that could not be made", () => {
  it("says the reason and not the call", () => {
    const error = new Error(
      "invocation of aws:ec2/getAmi:getAmi returned an error: invoking aws:ec2/getAmi:getAmi: 1 error occurred:\n\t* AccessDenied: no\n",
    );
    assert.equal(whyNot(error), "AccessDenied: no");
    const cause = Object.assign(new Error("getaddrinfo ENOTFOUND hub"), { code: "ENOTFOUND" });
    assert.equal(whyNot(new TypeError("fetch failed", { cause })), "fetch failed (ENOTFOUND)");
  });
});

describe("prices", () => {
  it("are asked for where AWS answers", () => {
    assert.deepEqual(["us-east-1", "ap-south-1", "eu-west-1"].map(pricingRegion), [
      "us-east-1",
      "ap-south-1",
      "us-east-1",
    ]);
  });
});

describe("what AWS asks for beside the machines", () => {
  const small = {
    model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
    hardware: { instanceType: "g6e.xlarge" },
    serving: { maxNumSeqs: 32, maxNumBatchedTokens: 1024 },
    workload: { requestRate: 0.2, simulatedRequests: 100 },
  };

  it("is the volume, the address, and the answers at the planned rate; nothing of the latter in private", () => {
    const planned = plan(parseDeployment(small));
    const costs = sideCosts(planned);
    assert.ok(Math.abs(costs.volumeUsdPerHour - (200 * 0.08) / 730) < 1e-9, `${costs.volumeUsdPerHour}`);
    assert.equal(costs.addressUsdPerHour, 0.005);
    // Some 250 bytes for each token that is streamed.
    const bytes = (costs.trafficUsdPerHour / 0.09) * 1e9;
    const tokens = planned.throughput.outputTokensPerSecond * 3600;
    assert.ok(bytes / tokens > 200 && bytes / tokens < 300, `${bytes / tokens} bytes a token`);
    const aws = { publicAddress: false, subnetIds: ["subnet-0a"], rootVolumeGb: 730 };
    const inside = sideCosts(plan(parseDeployment({ ...small, aws })));
    assert.ok(Math.abs(inside.usdPerHour - 0.08) < 1e-9, `${inside.usdPerHour}`);
  });
});

describe("credentials for AWS", () => {
  const folder = mkdtempSync(join(tmpdir(), "aws-credentials-"));
  after(() => rmSync(folder, { recursive: true }));
  const none = {
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: join(folder, "none"),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, "none"),
  };

  it("may come from a variable or a file", () => {
    const file = join(folder, "config");
    writeFileSync(file, "");
    assert.equal(mayHaveCredentials(none), false);
    assert.equal(mayHaveCredentials({ ...none, AWS_PROFILE: "" }), false);
    assert.equal(mayHaveCredentials({ ...none, AWS_PROFILE: "work" }), true);
    assert.equal(mayHaveCredentials({ ...none, AWS_CONFIG_FILE: file }), true);
  });
});

describe("npm run up", () => {
  const noneFree = (zone: string): Ended => ({
    isUp: false,
    output: `${attemptText("p5.48xlarge", "node-0", zone)}\nerror: InsufficientInstanceCapacity: none`,
  });

  async function runs(outcomes: readonly Ended[]) {
    const tried: string[][] = [];
    const said: string[] = [];
    const isUp = await upInTurn(
      async (zones) => {
        const outcome = outcomes[tried.length];
        tried.push([...zones]);
        return outcome ?? assert.fail("it went on");
      },
      (line) => said.push(line),
    );
    return { isUp, tried, said };
  }

  it("goes to the next zone where one has no machine free, and says so", async () => {
    const { isUp, tried, said } = await runs([
      noneFree("us-east-1a"),
      noneFree("us-east-1b"),
      { isUp: true, output: "" },
    ]);
    assert.ok(isUp, said.join("; "));
    assert.deepEqual(tried, [[], ["us-east-1a"], ["us-east-1a", "us-east-1b"]]);
    assert.deepEqual(said, [
      "us-east-1a has no machine free (attempt 1); the next zone is tried",
      "us-east-1b has no machine free (attempt 2); the next zone is tried",
    ]);
  });

  it("ends at any other failure, and where a zone comes a second time", async () => {
    assert.deepEqual((await runs([{ isUp: false, output: "error: quota" }])).tried, [[]]);
    const again = await runs([noneFree("us-east-1a"), noneFree("us-east-1a")]);
    assert.deepEqual([again.isUp, again.tried.length], [false, 2]);
  });

  it("takes the zone that was asked last", () => {
    const output = [noneFree("us-east-1a"), noneFree("eu-west-1c")].map((ended) => ended.output).join("\n");
    assert.equal(zoneAskedLast(output), "eu-west-1c");
    assert.equal(zoneAskedLast("error: no"), undefined);
  });
});

describe("the policy of whoever runs the program", () => {
  it("is current in docs/aws-policy.json, and fits into one policy of IAM", () => {
    const text = JSON.stringify(operatorPolicy());
    const page = readFileSync(join(__dirname, "../../../docs/aws-policy.json"), "utf8");
    assert.equal(JSON.stringify(JSON.parse(page)), text, "docs/aws-policy.json is stale: run `npm run docs`");
    // Characters of a managed policy, white space not counted.
    assert.ok(text.length <= 6144, `${text.length} characters`);
  });

  it("allows every lookup that the program makes, and no other", () => {
    assert.deepEqual(Object.keys(ACTIONS_OF_LOOKUPS).sort(), [...lookups()].sort());
  });
});
