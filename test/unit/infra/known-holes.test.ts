import assert from "node:assert/strict";
import { knownHoles } from "../../../infra/refuse-known-holes";
import { parseDeployment } from "../../../lib/config";
import { advisoriesOf } from "../../../lib/performance";

describe("known holes of vLLM", () => {
  const said = (serving: object) => knownHoles(parseDeployment({ serving }));

  it("are named with the version that closes them and the key that allows them", () => {
    assert.equal(
      said({ vllmVersion: "0.30.0" }),
      "serving.vllmVersion: vLLM 0.30.0 has known holes (GHSA-5r3c-5x4v-8gjh and CVE-2026-114053); set 0.33.0 or a later one, or serving.allowVulnerableVersion to true",
    );
  });

  it("are nobody's business where the configuration allows them, and none of the default's", () => {
    assert.equal(said({ vllmVersion: "0.30.0", allowVulnerableVersion: true }), undefined);
    assert.equal(said({}), undefined);
  });

  it("are listed from the latest fix down, so that the first names the version without any", () => {
    const fixes = advisoriesOf("0.1.0").map(({ fixedIn }) => Number(fixedIn.split(".")[1]));
    assert.deepEqual(
      fixes,
      [...fixes].sort((a, b) => b - a),
    );
  });
});
