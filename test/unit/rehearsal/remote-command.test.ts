import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type RemoteCommand, runRemoteCommand } from "../../../rehearsal/providers/remote-command";
import { connectionSchema } from "../../../rehearsal/providers/ssh-connection";
import { newSshKeyPair } from "../../../rehearsal/ssh-key-pair";
import { openFakeBastion } from "../../engine/fake-bastion";
import { openHangingUpServer } from "./hanging-up-server";
import { type Answer, openServer, type TestServer } from "./ssh-server";

const TASK: Omit<RemoteCommand, "connection"> = {
  command: "true",
  stdin: "",
  environment: {},
  offered: {},
  logging: "stdoutAndStderr",
};

/** The expected words are those of @pulumi/command 1.2.1 and of the Go packages that it prints errors of. */
describe("a remote command", () => {
  let server: TestServer;
  const said: string[] = [];
  const log = {
    status: (line: string) => void said.push(line),
    warn: (line: string) => void said.push(`warning: ${line}`),
    error: (line: string) => void said.push(`error: ${line}`),
  };

  async function run(answer: Answer, changes: Partial<RemoteCommand> = {}, accepted: string[] = []) {
    server = await openServer(answer, accepted);
    const { connection = {}, ...rest } = changes;
    const task: RemoteCommand = {
      ...TASK,
      ...rest,
      connection: { ...server.connection, ...connection },
    };
    return runRemoteCommand(task, log);
  }

  beforeEach(() => {
    said.length = 0;
  });
  afterEach(() => server.close());

  it("captures output without its last newline and streams it by line", async () => {
    const answer: Answer = (command, stdin) => ({
      stdout: `${command} got ${stdin}\nsecond\n\n`,
      stderr: "talk\n",
      exit: 0,
    });
    const output = await run(answer, { command: "cat", stdin: "text" });
    assert.deepEqual(output, { stdout: "cat got text\nsecond\n", stderr: "talk" });
    assert.deepEqual([...said].sort(), ["", "cat got text", "second", "talk"]);
  });

  it("goes through the proxy of its connection, and leaves it", async () => {
    const bastion = await openFakeBastion((_address, port) => ({ address: "127.0.0.1", port }));
    const connect = async (changes: object) => {
      const proxy = { host: "127.0.0.1", user: "jump", dialErrorLimit: 1, ...bastion, ...changes };
      const hidden = connectionSchema.parse({ host: "192.0.2.7", proxy });
      server = await openServer(() => ({ stdout: "there", exit: 0 }));
      const { port, hostKey, privateKey } = server.connection;
      const connection = { ...hidden, port, hostKey, privateKey };
      return runRemoteCommand({ ...TASK, connection }, log);
    };
    try {
      assert.equal((await connect({})).stdout, "there");
      assert.deepEqual(bastion.opened(), [`192.0.2.7:${server.connection.port}`]);
      for (let waited = 0; bastion.sessions() > 0 && waited < 5000; waited += 50) await sleep(50);
      assert.equal(bastion.sessions(), 0);
      await server.close();
      const stranger = connect({ privateKey: newSshKeyPair().private });
      await assert.rejects(
        stranger,
        /^Error: proxy: after 1 failed attempts: ssh: handshake failed: ssh: unable/,
      );
      assert.match(said.at(-1) ?? "", /^Dial proxy 1\/1 failed: retrying$/);
      assert.deepEqual(bastion.opened(), []);
    } finally {
      await bastion.close();
    }
  });

  it("streams only what logging says, and captures all the same", async () => {
    const answer: Answer = () => ({ stdout: "out\n", stderr: "err\n", exit: 0 });
    assert.deepEqual(await run(answer, { logging: "stderr" }), { stdout: "out", stderr: "err" });
    assert.deepEqual(said, ["err"]);
  });

  it("shows command and output when it fails", async () => {
    const failing = run(() => ({ stdout: "so far\n", exit: 3 }), { command: 'echo "a"' });
    await assert.rejects(failing, {
      message: 'Process exited with status 3: running "echo \\"a\\"":\nso far\n',
    });
  });

  it("names the signal that killed a command", async () => {
    const failing = run(() => ({ exit: { signal: "KILL" } }));
    await assert.rejects(failing, /^Error: Process exited with status 1 from signal KILL: running "true"/);
  });

  it("fails when the connection ends without an exit status", async () => {
    const failing = run(() => ({ exit: "never" }));
    await assert.rejects(failing, /wait: remote command exited without exit status or exit signal: running/);
  });

  it("dials again when the server hangs up in the middle of the login", async () => {
    const booting = await openHangingUpServer();
    const connection = connectionSchema.parse({ host: "127.0.0.1", dialErrorLimit: 2, ...booting });
    await assert.rejects(
      run(() => ({ exit: 0 }), { connection }),
      /after 2 failed attempts: ssh: handshake failed: EOF/,
    );
    await booting.close();
    assert.equal(booting.logins(), 3);
  });

  it("fails hard when the server refuses a variable", async () => {
    const failing = run(() => ({ exit: 0 }), { environment: { A: "1", B: "2" } }, ["A"]);
    await assert.rejects(failing, { message: 'could not set environment variable "B": ssh: setenv failed' });
    assert.match(said.join(), /error: Unable to set 'B'\. This only works if your SSH server is configured/);
  });

  it("only warns when the server refuses the previous output", async () => {
    const answer: Answer = (_command, _stdin, environment) => ({
      stdout: JSON.stringify(environment),
      exit: 0,
    });
    const changes = { environment: { A: "1" }, offered: { PULUMI_COMMAND_STDOUT: "before" } };
    const { stdout } = await run(answer, changes, ["A"]);
    assert.equal(stdout, '{"A":"1"}');
    assert.match(said.join(), /^warning: Unable to set 'PULUMI_COMMAND_STDOUT'/);
  });

  it("tries a refused key again up to the limit, because it counts as a failed dial", async () => {
    const privateKey = newSshKeyPair().private;
    const failing = run(() => ({ exit: 0 }), { connection: { privateKey } as RemoteCommand["connection"] });
    await assert.rejects(failing, {
      message:
        "after 2 failed attempts: ssh: handshake failed: ssh: unable to authenticate, " +
        "attempted methods [none publickey], no supported methods remain",
    });
    // The limit counts repetitions: one dial, and two more.
    assert.equal(server.dials(), 3);
    assert.deepEqual(said, ["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]);
  });

  it("refuses a host whose key is not the pinned one", async () => {
    const hostKey = newSshKeyPair().public;
    const failing = run(() => ({ exit: 0 }), { connection: { hostKey } as RemoteCommand["connection"] });
    await assert.rejects(failing, {
      message: "after 2 failed attempts: ssh: handshake failed: ssh: host key mismatch",
    });
  });

  it("says which address refused the connection", async () => {
    const failing = run(() => ({ exit: 0 }), { connection: { port: 1 } as RemoteCommand["connection"] });
    await assert.rejects(failing, {
      message: "after 2 failed attempts: dial tcp 127.0.0.1:1: connect: connection refused",
    });
  });

  it("fails at once on a key that cannot be read", async () => {
    const failing = run(() => ({ exit: 0 }), {
      connection: { privateKey: "no key" } as RemoteCommand["connection"],
    });
    await assert.rejects(failing, /^Error: ssh: no key found/);
    assert.equal(server.dials(), 0);
  });
});
