import assert from "node:assert/strict";
import { deploymentSchema, parseDeployment, UserError } from "../../../lib/config";
import { compareVersions } from "../../../lib/performance/engine/compare-versions";
import {
  firstVersionWith,
  KNOWN_VLLM,
  rulesOf,
  VERSION_CHANGES,
} from "../../../lib/performance/engine/version-changes";
import { verdict } from "../../../lib/report";
import { plan } from "../../../lib/strategy";
import { readSituation } from "../../../lib/strategy/situation";

const planned = (vllmVersion: string) =>
  plan(
    parseDeployment({
      model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
      hardware: { instanceType: "p5.4xlarge" },
      workload: { requestRate: 1, simulatedRequests: 100 },
      serving: { vllmVersion },
    }),
  );

describe("a version of vLLM", () => {
  it("that is newer than any that was read is planned by that one's rules, and the plan says so", () => {
    const newer = verdict(planned("99.0.0")).text;
    assert.match(
      newer,
      /by the rules of vLLM 0\.33, the newest that was read: what 99\.0\.0 does otherwise is not known\.$/,
    );
    for (const version of ["0.33.0", "0.33.7", "0.28.0"])
      assert.doesNotMatch(verdict(planned(version)).text, /by the rules of/, version);
    assert.deepEqual(["0.34.0", "0.33.0+cpu", "1.0", "0.8"].map(rulesOf), [
      "0.33",
      undefined,
      "0.33",
      undefined,
    ]);
  });

  it("from before a model has no class for it, and is refused in one line", () => {
    const readAs = (name: string, vllmVersion: string) =>
      readSituation(deploymentSchema.parse({ model: { name }, serving: { vllmVersion } })).model.modelType;
    assert.throws(
      () => readAs("openai/gpt-oss-120b", "0.10.0"),
      /^UserError: vLLM 0\.10\.0 has no class for openai\/gpt-oss-120b \(model_type gpt_oss\)/,
    );
    assert.throws(() => readAs("zai-org/GLM-5", "0.15.1"), /has no class for zai-org\/GLM-5/);
    assert.equal(readAs("openai/gpt-oss-120b", "0.10.1"), "gpt_oss");
    assert.equal(readAs("meta-llama/Llama-3.1-8B-Instruct", "0.7.2"), undefined);
  });

  it("that is older than any of which rules are known is refused in one line", () => {
    for (const version of ["0.5", "0.6.6", "0.0"])
      assert.throws(
        () => planned(version),
        (error: unknown) =>
          error instanceof UserError &&
          error.line ===
            `serving.vllmVersion: vLLM ${version} is older than 0.7, the oldest version of which rules are known; set 0.7.0 or a later one; 0.33.0 is the version that was read`,
        version,
      );
  });

  it("is known between the bounds that the table of changes has", () => {
    const since = VERSION_CHANGES.map(firstVersionWith).flatMap((text) => /^vLLM (.*)/.exec(text)?.[1] ?? []);
    const [newest = ""] = since.sort((a, b) => compareVersions(b, a));
    assert.equal(newest, KNOWN_VLLM.newest);
    for (const version of since) assert.ok(compareVersions(version, KNOWN_VLLM.oldest) > 0, version);
    assert.equal(rulesOf(deploymentSchema.parse({}).serving.vllmVersion), undefined, "the default is known");
  });
});
