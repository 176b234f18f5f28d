import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cached } from "../../../rehearsal/cache";

describe("the cache", () => {
  let folder: string;
  const previous = process.env.SHARDPLAN_CACHE;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "shardplan-cache-"));
    process.env.SHARDPLAN_CACHE = folder;
  });
  afterEach(async () => {
    if (previous === undefined) delete process.env.SHARDPLAN_CACHE;
    else process.env.SHARDPLAN_CACHE = previous;
    await rm(folder, { recursive: true });
  });

  it("makes a thing once, even when two ask for it at the same time", async () => {
    let made = 0;
    const make = async (path: string) => {
      made++;
      await sleep(50);
      await writeFile(path, "thing");
    };
    const [first, second] = await Promise.all([cached("a/thing", make), cached("a/thing", make)]);
    assert.equal(first, join(folder, "a", "thing"));
    assert.equal(second, first);
    assert.equal(await readFile(first, "utf8"), "thing");
    assert.equal(made, 1);
    assert.deepEqual(await readdir(join(folder, "a")), ["thing"]);
  });

  it("leaves nothing of a thing that could not be made, and makes it the next time", async () => {
    const failing = cached("thing", async (path) => {
      await writeFile(path, "half");
      throw new Error("no network");
    });
    await assert.rejects(failing, /no network/);
    assert.deepEqual(await readdir(folder), []);
    await cached("thing", (path) => writeFile(path, "whole"));
    assert.equal(await readFile(join(folder, "thing"), "utf8"), "whole");
  });

  it("takes over the lock of a process that is gone", async () => {
    // No process has this number: Linux counts to 4194304 at most (kernel/pid.h: PID_MAX_LIMIT).
    await writeFile(join(folder, "thing.lock"), "4194305 1");
    await cached("thing", (path) => writeFile(path, "whole"));
    assert.deepEqual(await readdir(folder), ["thing"]);
  });

  it("takes over the lock of a process whose number another has now, and an empty one", async () => {
    // This process lives, but started at another time (in another container, say) than the one that took the lock.
    for (const holder of [`${process.pid} 1`, ""]) {
      await writeFile(join(folder, "thing.lock"), holder);
      await cached("thing", (path) => writeFile(path, "whole"));
      assert.deepEqual(await readdir(folder), ["thing"]);
      await rm(join(folder, "thing"));
    }
  });
});
