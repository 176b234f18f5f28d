import assert from "node:assert/strict";
import { explainEnd } from "../../../infra/up/explain";

const PENDING = `warning: Attempting to deploy or update resources with 2 pending operations from previous deployment.
  * urn:pulumi:prod::shardplan::shardplan:infra:AwsHosts$shardplan:infra:Network::aws-network, interrupted while creating
  * urn:pulumi:prod::shardplan::shardplan:infra:AwsHosts$aws:ec2/keyPair:KeyPair::aws-key, interrupted while creating
`;

describe("the end of an up after another one was killed", () => {
  it("is explained with what to type", () => {
    assert.match(
      explainEnd("error: the stack is currently locked by 1 lock(s). Either wait") ?? "",
      /^the stack is locked: .*: pulumi cancel --yes, then the same command again$/,
    );
    assert.match(
      explainEnd(`${PENDING}error: api error InvalidKeyPair.Duplicate: The keypair already exists`) ?? "",
      /: pulumi refresh --yes --import-pending-creates 'urn:\S+::aws-key' --import-pending-creates NAME; then the same/,
    );
    assert.match(explainEnd("error: failed to load checkpoint: EOF") ?? "", /\.attrs' -empty -delete/);
  });

  it("is left alone where it has nothing to do with it", () => {
    assert.equal(explainEnd("error: something else"), undefined);
    assert.equal(explainEnd(`${PENDING}error: something else`), undefined);
    assert.equal(explainEnd("api error InvalidKeyPair.Duplicate"), undefined);
  });
});
