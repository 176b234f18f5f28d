import assert from "node:assert/strict";
import { FROM_BUCKET } from "../../rehearsal/bucket";
import { progress } from "../../rehearsal/progress";
import { torture } from "../../rehearsal/torture/torture";
import { needsRoot, openTestHost, type TestHost } from "./local-host";

describe("steps that are killed", function () {
  this.timeout(25 * 60_000);
  let host: TestHost;

  before(async function () {
    needsRoot(this);
    host = await openTestHost();
  });
  after(() => host?.close());

  it("come to the same end when they run again, and leave nothing when they are removed", async () => {
    const stack = await host.stack({ "shardplan:model": FROM_BUCKET });
    const { kills, faults } = await torture(stack, host.hosts, { runs: 20, seed: 2026, progress });
    assert.deepEqual(faults, []);
    // Steps that are quick may end before they are killed.
    assert.ok(kills.length >= 20, `kills: ${kills.length}`);
  });
});
