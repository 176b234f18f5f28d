import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Deployment, exampleStack, parseDeployment, readStackFile } from "../../../lib/config";

const SCHEMA = "schema/deployment.schema.json";

/** Writes the example and reads it back. */
function roundTrip(deployment: Deployment): Deployment {
  const folder = mkdtempSync(join(tmpdir(), "shardplan-example-"));
  try {
    const path = join(folder, "Pulumi.example.yaml");
    writeFileSync(path, exampleStack(deployment, SCHEMA));
    return readStackFile(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("exampleStack", () => {
  it("reads back as the same deployment", () => {
    const deployments = [
      parseDeployment({}),
      parseDeployment({
        hosts: [{ address: "10.0.0.1", hostKey: `ssh-ed25519 ${"A".repeat(68)} a comment: with # signs` }],
        serving: {
          environment: { A: "1", B: "true", C: "x: y" },
          extraArgs: ["--seed", "1", "--chat-template", "x: 'y'"],
        },
        workload: { promptTokens: { kind: "empirical", quantiles: [1, 2.5, 100] } },
        cost: { maxUsdPerHour: 99.5 },
        model: { revision: "1e3" },
      }),
    ];
    for (const deployment of deployments) assert.deepEqual(roundTrip(deployment), deployment);
  });

  it("tells editors in its first line where the schema is", () => {
    const [first] = exampleStack(parseDeployment({}), SCHEMA).split("\n");
    assert.equal(first, "# yaml-language-server: $schema=schema/deployment.schema.json");
  });

  it("explains every key, also those without a value", () => {
    const text = exampleStack(parseDeployment({}), SCHEMA);
    assert.match(
      text,
      /# The plan fails when all nodes together cost more in USD per hour\. .*\n.*\n +# maxUsdPerHour:/,
    );
    assert.match(text, /p99Ms: 100/);
  });
});
