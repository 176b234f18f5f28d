import assert from "node:assert/strict";
import { parseDeployment } from "../../../lib/config";
import { problemLines } from "./problem-lines";

const host = { address: "a", hostKey: `ssh-ed25519 ${"A".repeat(68)}` };

describe("--set", () => {
  it("sets any key, the last one winning over the file and over earlier ones", () => {
    const values = { slo: { decode: { p50Ms: 40, p99Ms: 90 } } };
    const deployment = parseDeployment(values, ["slo.decode.p99Ms=80", "slo.decode.p99Ms=70"]);
    assert.deepEqual(deployment.slo.decode, { p50Ms: 40, p99Ms: 70 });
    assert.deepEqual(values, { slo: { decode: { p50Ms: 40, p99Ms: 90 } } });
  });

  it("reads YAML: numbers, booleans, lists and groups", () => {
    const { strategy, aws, gateway, workload } = parseDeployment({}, [
      "strategy.tensorParallel=1",
      "aws.allowReplace=true",
      "gateway.allowedCidrs=[10.0.0.0/8, 192.168.0.0/16]",
      "workload.promptTokens={kind: fixed, tokens: 512}",
    ]);
    assert.equal(strategy.tensorParallel, 1);
    assert.equal(aws.allowReplace, true);
    assert.deepEqual(gateway.allowedCidrs, ["10.0.0.0/8", "192.168.0.0/16"]);
    assert.deepEqual(workload.promptTokens, { kind: "fixed", tokens: 512 });
  });

  it("keeps text that looks like a number where text is wanted", () => {
    assert.equal(parseDeployment({}, ["serving.rayVersion=2.10"]).serving.rayVersion, "2.10");
    assert.equal(parseDeployment({}, ["model.revision='0012'"]).model.revision, "0012");
  });

  it("reaches into lists, with dots or brackets", () => {
    const deployment = parseDeployment({ hosts: [host] }, ["hosts.0.port=2222", "hosts[0].user=ubuntu"]);
    assert.deepEqual([deployment.hosts[0]?.port, deployment.hosts[0]?.user], [2222, "ubuntu"]);
  });

  it("changes one key of a default group", () => {
    const { promptTokens } = parseDeployment({}, ["workload.promptTokens.median=900"]).workload;
    assert.deepEqual(promptTokens, { kind: "lognormal", median: 900, mean: 1155, max: 7168 });
  });

  it("drops the keys of another kind when the kind changes", () => {
    const { outputTokens } = parseDeployment({}, [
      "workload.outputTokens.kind=fixed",
      "workload.outputTokens.tokens=64",
    ]).workload;
    assert.deepEqual(outputTokens, { kind: "fixed", tokens: 64 });
  });

  it("goes back to the default with an empty value", () => {
    const deployment = parseDeployment({ slo: { decode: { p99Ms: 7 } } }, ["slo.decode.p99Ms="]);
    assert.equal(deployment.slo.decode.p99Ms, 100);
  });

  it("is named in the line of its mistake", () => {
    assert.deepEqual(
      problemLines(() => parseDeployment({}, ["slo.decode.p99Ms=x"], "Pulumi.prod.yaml")),
      ['--set slo.decode.p99Ms=x: slo.decode.p99Ms: must be a number from 0.01 to 86400000; given "x"'],
    );
    assert.deepEqual(
      problemLines(() => parseDeployment({}, ["foo", "=1", "a..b=1", "slo.decode.p99Ms={"])),
      [
        "--set foo: write it as key=value, as in slo.decode.p99Ms=80",
        "--set =1: write it as key=value, as in slo.decode.p99Ms=80",
        '--set a..b=1: "a..b" is not a key; keys look like slo.decode.p99Ms',
        "--set slo.decode.p99Ms={: the value is not YAML; put it in quotes",
      ],
    );
  });

  it("cannot reach the prototype of an object", () => {
    for (const path of ["__proto__.polluted=1", "constructor.prototype.polluted=1", "slo.constructor.x=1"]) {
      assert.equal(problemLines(() => parseDeployment({}, [path])).length, 1, path);
    }
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  });
});
