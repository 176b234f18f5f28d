import assert from "node:assert/strict";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installStandIns } from "../../../rehearsal/providers/stand-ins";

describe("stand-ins for plugins", () => {
  let home: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "shardplan-home-"));
  });
  afterEach(async () => {
    delete process.env.SHARDPLAN_REAL_PLUGINS;
    await rm(home, { recursive: true });
  });

  it("lie where the engine looks for the plugin in the version that the program loads", async () => {
    assert.deepEqual(await installStandIns(home, ["command"]), ["command"]);
    const { version } = (await import("@pulumi/command/package.json")).default;
    await access(join(home, "plugins", `resource-command-v${version}`, "pulumi-resource-command"));
  });

  it("step back for a plugin that is there", async () => {
    const folder = join(home, "plugins", "resource-command-v1.2.1");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "pulumi-resource-command"), "the real one");
    assert.deepEqual(await installStandIns(home, ["command", "aws"]), ["aws"]);
  });

  it("step back when they are told to", async () => {
    process.env.SHARDPLAN_REAL_PLUGINS = "command";
    assert.deepEqual(await installStandIns(home, ["command", "aws"]), ["aws"]);
    process.env.SHARDPLAN_REAL_PLUGINS = "all";
    assert.deepEqual(await installStandIns(home, ["command", "aws"]), []);
  });
});
