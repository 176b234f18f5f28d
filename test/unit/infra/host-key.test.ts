import assert from "node:assert/strict";
import { publishedHostKey, publishHostKeyScript, UNPUBLISHED } from "../../../infra/aws/host-key";
import { bucketStatements } from "../../../infra/aws/instance-role";
import { publicHalf } from "../../../infra/aws/ssh-key";
import { newKeyPair } from "../../engine/fake-host";
import { planOf } from "../serving/plan-fixture";

describe("the host key of an AWS instance", () => {
  it("is what the instance itself published", () => {
    assert.equal(publishedHostKey("i-0abc ssh-ed25519 AAAAkey", "i-0abc"), "ssh-ed25519 AAAAkey");
  });

  it("is not that of the machine which stood there before", () => {
    assert.equal(publishedHostKey("i-0old ssh-ed25519 AAAAkey", "i-0new"), undefined);
  });

  it("is unknown until the first boot is done", () => {
    assert.equal(publishedHostKey(UNPUBLISHED, "not"), undefined);
  });

  it("is published by user data that names the parameter and holds no secret", () => {
    const script = publishHostKeyScript("/shardplan/shardplan-prod/host-key/node-0", "us-east-1");
    assert.match(
      script,
      /^#!\/bin\/bash\nPARAMETER=\/shardplan\/shardplan-prod\/host-key\/node-0\nREGION=us-east-1\n/,
    );
    // Before the instance has its public address a request gets no answer; curl alone would wait for minutes.
    assert.ok(
      (script.match(/\bcurl -/g)?.length ?? 0) >= 3,
      "not so: (script.match(/\\bcurl -/g)?.length ?? 0) >= 3",
    );
    assert.equal(
      script.match(/\bcurl -/g)?.length,
      script.match(/\bcurl -sf "\$\{impatient\[@\]\}"/g)?.length,
    );
    // EC2 takes up to 16 KiB of user data before base64.
    assert.ok(Buffer.byteLength(script) < 16_384, "not so: Buffer.byteLength(script) < 16_384");
  });
});

describe("publicHalf", () => {
  it("derives the public key from the private one", () => {
    const { privateKey, publicKey } = newKeyPair();
    assert.equal(publicHalf(privateKey), publicKey.split(" ").slice(0, 2).join(" "));
  });
});

describe("bucketStatements", () => {
  it("let the machines read the weights' folder and nothing else", () => {
    const plan = planOf({ model: { source: "bucket", location: "s3://weights/llama/70b" } });
    assert.deepEqual(bucketStatements(plan), [
      { Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::weights" },
      { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::weights/llama/70b*" },
    ]);
  });

  it("are absent when the weights come from elsewhere", () => {
    assert.deepEqual(bucketStatements(planOf()), []);
  });
});
