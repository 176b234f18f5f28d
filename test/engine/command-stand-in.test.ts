import assert from "node:assert/strict";
import { remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { type Engine, openEngine } from "../../rehearsal/engine";
import { runProgram } from "../../rehearsal/run-program";
import { openServer, type TestServer } from "../unit/rehearsal/ssh-server";

/**
 * The stand-in for the command plugin behaves as @pulumi/command 1.2.1 does, under the real engine
 * (provider/pkg/provider/remote of pulumi/pulumi-command). Each test is a step of one stack's life.
 */
describe("the stand-in for the command plugin", function () {
  this.timeout(600_000);
  let engine: Engine;
  let server: TestServer;
  let stack: Stack;
  /** What the host was told to run. */
  const ran: string[] = [];
  let inputs: Partial<remote.CommandArgs>;

  before(async () => {
    engine = await openEngine({ standIns: ["command"] });
    server = await openServer(
      (command, stdin, environment) => {
        ran.push([command, stdin, environment.PULUMI_COMMAND_STDOUT].filter(Boolean).join(" | "));
        return { stdout: `did ${command}\n`, exit: 0 };
      },
      ["PULUMI_COMMAND_STDOUT"],
    );
    const program = async () => {
      const connection: types.input.remote.ConnectionArgs = { ...server.connection, proxy: undefined };
      return { said: new remote.Command("step", { connection, ...inputs }).stdout };
    };
    stack = await LocalWorkspace.createOrSelectStack(
      { stackName: "test", projectName: "test", program },
      engine.workspace,
    );
  });
  after(async () => {
    await server?.close();
    await engine?.close();
  });
  beforeEach(() => {
    ran.length = 0;
  });

  async function up() {
    const { summary, outputs } = await stack.up();
    const { same: _, ...changes } = summary.resourceChanges ?? {};
    return { changes, ran: [...ran], said: outputs.said?.value };
  }

  it("runs nothing in a preview", async () => {
    inputs = { create: "create", stdin: pulumi.secret("hidden") };
    const { changeSummary } = await stack.preview();
    // The stack and the command.
    assert.deepEqual([changeSummary, ran], [{ create: 2 }, []]);
  });

  it("runs create with its standard input, and gives its output", async () => {
    assert.deepEqual(await up(), { changes: { create: 2 }, ran: ["create | hidden"], said: "did create" });
  });

  it("does nothing when nothing has changed", async () => {
    assert.deepEqual(await up(), { changes: {}, ran: [], said: "did create" });
  });

  it("keeps connection and secret input encrypted in the state", async () => {
    const stdout = await runProgram(engine.command.command, ["stack", "export", "--stack", "test"], {
      cwd: stack.workspace.workDir,
      env: engine.environment,
    });
    assert.ok(!stdout.includes("hidden"), `stdout: ${stdout}`);
    assert.ok(!stdout.includes("PRIVATE KEY"), `stdout: ${stdout}`);
  });

  it("runs create again for a changed input when there is no update, with the previous output", async () => {
    inputs = { ...inputs, stdin: "other" };
    assert.deepEqual(await up(), {
      changes: { update: 1 },
      ran: ["create | other | did create"],
      said: "did create",
    });
  });

  it("runs update where there is one, without the previous output when told so", async () => {
    inputs = { create: "create", update: "update", delete: "delete", addPreviousOutputInEnv: false };
    assert.deepEqual(await up(), { changes: { update: 1 }, ran: ["update"], said: "did update" });
  });

  it("replaces for a changed trigger: create of the new, then delete of the old", async () => {
    inputs = { ...inputs, triggers: ["new"] };
    const { changes, ran } = await up();
    assert.deepEqual(changes, { replace: 1 });
    assert.deepEqual(ran, ["create", "delete"]);
  });

  it("runs delete when the resource goes", async () => {
    await stack.destroy();
    assert.deepEqual(ran, ["delete"]);
  });
});
