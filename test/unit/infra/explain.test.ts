import assert from "node:assert/strict";
import { explainEnd } from "../../../infra/up/explain";
import { adopt, explainPending, pendingOf } from "../../../infra/up/pending";

const AWS_HOSTS = "shardplan:infra:AwsHosts";
const KEY = `urn:pulumi:prod::shardplan::${AWS_HOSTS}$aws:ec2/keyPair:KeyPair::aws-key`;
const HOSTS = `urn:pulumi:prod::shardplan::${AWS_HOSTS}::aws`;
const creating = (urn: string, type: string) => ({
  type: "creating",
  resource: { urn, type, custom: type !== AWS_HOSTS, inputs: { of: urn } },
});
const KEY_PENDING = creating(KEY, "aws:ec2/keyPair:KeyPair");
const HOSTS_PENDING = creating(HOSTS, AWS_HOSTS);
const STEP_PENDING = creating("urn:x::node-0-driver", "command:remote:Command");

describe("the end of an up after another one was killed", () => {
  it("is explained with what to type", () => {
    assert.match(
      explainEnd("error: the stack is currently locked by 1 lock(s). Either wait") ?? "",
      /^the stack is locked: .*: pulumi cancel --yes, then the same command again$/,
    );
    assert.match(explainEnd("error: failed to load checkpoint: EOF") ?? "", /\.attrs' -empty -delete/);
  });

  it("is left alone where it has nothing to do with it", () => {
    assert.equal(explainEnd("error: something else"), undefined);
  });
});

describe("what a killed up was making", () => {
  const provider = { urn: "urn:p", type: "pulumi:providers:aws", inputs: { region: "eu-west-1" } };
  const state = (...pending: object[]) =>
    JSON.stringify({ version: 3, deployment: { pending_operations: pending, resources: [provider] } });

  it("is named before the next one, with the commands that take it into the state", () => {
    const pending = pendingOf(state(KEY_PENDING, KEY_PENDING, HOSTS_PENDING));
    assert.deepEqual(pending, {
      names: ["aws-key"],
      stack: "prod",
      tag: "shardplan-prod",
      region: "eu-west-1",
    });
    const text = explainPending(pending ?? assert.fail());
    assert.match(text, /while AWS was making aws-key: /);
    assert.match(
      text,
      /get-resources --region eu-west-1 --tag-filters Key=shardplan:stack,Values=shardplan-prod/,
    );
    assert.match(text, /pulumi cancel --yes; npm run adopt -- --stack prod aws-key=ID$/m);
  });

  it("is nothing where only steps of hosts were, which run again by themselves, and in a new stack", () => {
    assert.equal(pendingOf(state(STEP_PENDING)), undefined);
    assert.equal(pendingOf(JSON.stringify({ version: 3, deployment: {} })), undefined);
    assert.equal(pendingOf(JSON.stringify({ version: 3 })), undefined);
  });

  it("is taken into the state by its id, after what holds it; what AWS does not have is forgotten", () => {
    const text = state(KEY_PENDING, HOSTS_PENDING, STEP_PENDING);
    const adopted = adopt(text, { "aws-key": "shardplan-prod" });
    assert.deepEqual(adopted.urns, [KEY]);
    const { version, deployment } = JSON.parse(adopted.text);
    assert.equal(version, 3);
    assert.deepEqual(deployment.pending_operations, []);
    assert.deepEqual(
      deployment.resources.map(({ urn, id }: { urn: string; id?: string }) => [urn, id]),
      [
        ["urn:p", undefined],
        [HOSTS, undefined],
        [KEY, "shardplan-prod"],
      ],
    );
    assert.deepEqual(adopt(text, { "aws-key": "" }).urns, []);
  });

  it("is not guessed at", () => {
    assert.throws(() => adopt(state(KEY_PENDING), {}), /^Error: aws-key: give the id in AWS/);
    assert.throws(() => adopt(state(), { "aws-key": "k" }), /nothing of the name aws-key .* end it in AWS/);
  });
});
