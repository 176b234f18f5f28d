import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LOCKS, lockFile, lockOf, packagesText } from "../../../lib/serving";
import { planOf } from "../serving/plan-fixture";

const FOLDER = join(__dirname, "../../../infra/locks");

describe("the locks of Python packages", () => {
  it("are the ones that the table knows", () => {
    assert.deepEqual(readdirSync(FOLDER).sort(), LOCKS.map(lockFile).sort());
  });

  for (const lock of LOCKS) {
    const text = readFileSync(join(FOLDER, lockFile(lock)), "utf8");
    const versions = new Map(
      [...text.matchAll(/^([a-z0-9.-]+)==(\S+)/gm)].map(([, name, version]) => [name, version]),
    );

    it(`${lockFile(lock)} is the file whose sum the table has`, () => {
      assert.equal(createHash("sha256").update(text).digest("hex"), lock.sha256);
    });

    it(`${lockFile(lock)} has a version and hashes for every package, and names no index`, () => {
      const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      assert.ok(versions.size > 150, `packages: ${versions.size}`);
      for (const line of lines)
        assert.match(line, /^([a-z0-9.-]+==\S+( ; .+)? \\| {4}--hash=sha256:[0-9a-f]{64}( \\)?)$/);
      assert.doesNotMatch(text, /^--|:\/\//m);
    });

    it(`${lockFile(lock)} has what hosts need, and a CUDA compiler that takes the headers of CUDA 13.0`, () => {
      assert.equal(versions.get("vllm"), lock.vllm);
      assert.equal(versions.get("ray"), lock.ray);
      for (const name of ["uv", "pandas", "torch"]) assert.ok(versions.has(name), name);
      for (const name of ["nvidia-cuda-nvcc", "nvidia-cuda-crt", "nvidia-nvvm"])
        assert.match(versions.get(name) ?? "", /^13\.0\./, name);
    });
  }

  it("are named by the report, which else says that nothing is locked", () => {
    assert.match(
      packagesText(planOf()),
      /^Python packages are locked: the ones of infra\/locks\/vllm-0\.33\.0-ray-/,
    );
    assert.equal(
      packagesText(planOf({ serving: { rayVersion: "2.58.0" } })),
      "Python packages are not locked: what the index has on the day that fits vLLM 0.33.0.",
    );
    const unlocked = { vllmVersion: "0.33.1", packageLocation: "/srv/wheels" };
    assert.equal(
      packagesText(planOf({ serving: { ...unlocked, packageSource: "wheelhouse" } })),
      "Python packages are not locked: what /srv/wheels has on the day that fits vLLM 0.33.1.",
    );
  });

  it("are those of a folder of wheels, too", () => {
    assert.equal(
      lockOf(planOf({ serving: { packageSource: "wheelhouse", packageLocation: "/srv/wheels" } })),
      LOCKS[0],
    );
  });
});
