import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logPublisherJob } from "../../../../lib/serving";
import { listen, metadataService, motoEnvironment, runIn, startProcess } from "./moto";

const PROGRAM = join(__dirname, "../../../../infra/programs/publish_logs.py");
const REGION = "eu-west-1";
const GROUP = "/shardplan/shardplan-here";
const SECRET = "canary-of-the-role";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** journalctl's options that the program uses, over a file of entries as `--output=json` has them. */
const JOURNALCTL = `#!/usr/bin/python3
import json, os, sys, time
folder = os.path.dirname(os.path.abspath(__file__))
options = dict(word[2:].split("=", 1) for word in sys.argv[1:] if "=" in word)
assert {"--quiet", "--no-pager", "--all"} < set(sys.argv), sys.argv
assert options["output"] == "json" and ("since" in options) != ("after-cursor" in options), sys.argv
if os.path.exists(f"{folder}/unreadable"):
    sys.exit("Failed to open the journal: Permission denied")
seen = "since" in options
for line in open(f"{folder}/journal.jsonl"):
    entry = json.loads(line)
    if "since" in options and int(entry["__REALTIME_TIMESTAMP"]) < (time.time() - 3600) * 1e6: continue
    if seen:
        kept = [*options["output-fields"].split(","), "__CURSOR", "__REALTIME_TIMESTAMP"]
        print(json.dumps({name: value for name, value in entry.items() if name in kept}), flush=True)
    seen = seen or entry["__CURSOR"] == options["after-cursor"]
`;

interface Said {
  readonly message: string;
  readonly timestamp: number;
}

/** The program as it is, the real AWS tool, and moto for CloudWatch; only the journal is a stand-in. */
describe("what is put into CloudWatch's logs", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), "shardplan-logs-"));
  const metadata = metadataService(SECRET);
  let moto: ChildProcess;
  let environment: NodeJS.ProcessEnv;
  let cursor = 0;
  let stream = "";

  before(async () => {
    const venv = await motoEnvironment();
    const server = await startProcess(
      [join(venv, "bin/python"), "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
      /Running on (http:\/\/127\.0\.0\.1:\d+)/,
    );
    moto = server.child;
    writeFileSync(
      join(folder, "aws"),
      `#!/bin/sh\nprintf '%s\\n' "$*" >>${folder}/arguments\nenv >>${folder}/arguments\nexec ${venv}/bin/python -m awscli "$@"\n`,
      { mode: 0o755 },
    );
    writeFileSync(join(folder, "journalctl"), JOURNALCTL, { mode: 0o755 });
    environment = {
      PATH: `${folder}:${process.env.PATH}`,
      AWS_EC2_METADATA_V1_DISABLED: "true",
      AWS_MAX_ATTEMPTS: "1",
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${await listen(metadata.server)}`,
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: server.said[1],
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    };
    await logs("create-log-group", "--log-group-name", GROUP);
  });

  after(() => {
    moto?.kill("SIGKILL");
    metadata.server.close();
    metadata.server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A host that has sent nothing yet. */
  function newHost(name: string): void {
    stream = name;
    rmSync(join(folder, "state"), { recursive: true, force: true });
    mkdirSync(join(folder, "state"));
    writeFileSync(join(folder, "journal.jsonl"), "");
    writeFileSync(
      join(folder, "logs.json"),
      logPublisherJob({ region: REGION, group: GROUP, stream, days: 30 }),
    );
  }

  /** What a unit says, some time ago. */
  function say(
    message: unknown,
    { unit = "shardplan-vllm.service", ago = 0, ...fields }: Record<string, unknown> = {},
  ) {
    cursor++;
    const entry = {
      __CURSOR: `s=1;i=${cursor}`,
      __REALTIME_TIMESTAMP: String((Date.now() - Number(ago)) * 1000),
      _SYSTEMD_UNIT: unit,
      MESSAGE: message,
      ...fields,
    };
    appendFileSync(join(folder, "journal.jsonl"), `${JSON.stringify(entry)}\n`);
  }

  const publish = (env: NodeJS.ProcessEnv = {}) =>
    runIn({ ...environment, STATE_DIRECTORY: join(folder, "state"), ...env }, "/usr/bin/python3", [
      PROGRAM,
      join(folder, "logs.json"),
    ]);

  async function sent(): Promise<void> {
    assert.deepEqual(await publish(), { status: 0, output: "" });
  }

  async function logs(...args: readonly string[]): Promise<string> {
    const { status, output } = await runIn(environment, join(folder, "aws"), [
      ...["logs", ...args, "--region", REGION, "--output", "json"],
    ]);
    assert.equal(status, 0, output);
    return output;
  }

  /** What CloudWatch has of the host, without the line with which it began. */
  async function taken(): Promise<readonly string[]> {
    const output = await logs(
      ...["get-log-events", "--log-group-name", GROUP, "--log-stream-name", stream, "--start-from-head"],
    );
    const { events } = JSON.parse(output) as { events: readonly Said[] };
    const times = events.map(({ timestamp }) => timestamp);
    assert.deepEqual(
      times,
      [...times].sort((one, other) => one - other),
    );
    return events.map(({ message }) => message).filter((line) => !line.startsWith("shardplan: from here on"));
  }

  it("is what the stack's units say, once each, and what systemd says of them", async () => {
    newHost("node-0");
    say("long ago", { ago: 2 * HOUR });
    say("loading", { ago: 5000 });
    say("of nobody here", { unit: "ssh.service" });
    say("Main process exited, code=killed", { unit: "init.scope", UNIT: "shardplan-vllm.service" });
    say([...Buffer.from("\x1b[31mdead\x1b[0m ü")], { unit: "shardplan-ray.service" });
    await sent();
    const first = [
      "shardplan-vllm: loading",
      "shardplan-vllm: Main process exited, code=killed",
      "shardplan-ray: dead ü",
    ];
    assert.deepEqual(await taken(), first);
    await sent();
    assert.deepEqual(await taken(), first);
    say("serving");
    await sent();
    assert.deepEqual(await taken(), [...first, "shardplan-vllm: serving"]);
    // The credentials came from the machine by IMDSv2; neither they nor lines stand where others of the host could read.
    assert.equal(metadata.refused(), 0);
    const given = readFileSync(join(folder, "arguments"), "utf8");
    assert.match(given, /put-log-events/);
    assert.doesNotMatch(given, /canary|loading/);
  });

  it("proves the way also where the units have said nothing", async () => {
    newHost("silent");
    await sent();
    const output = await logs("describe-log-streams", "--log-group-name", GROUP);
    assert.match(output, /"silent"/);
  });

  it("names neither requests nor those who ask", async () => {
    newHost("private");
    const gateway = { unit: "shardplan-gateway.service" };
    say('(APIServer pid=7) INFO:     127.0.0.1:53240 - "POST /v1/chat/completions HTTP/1.1" 200 OK');
    say("id=4f client=203.0.113.9 key=alice POST /v1/completions HTTP/2.0 status=200 server=s0", gateway);
    say("203.0.113.9:40112 [28/Nov/2026:20:51:00.123] clients/1: SSL handshake failure", gateway);
    say("[NOTICE]   (1) : New worker (8) forked", gateway);
    const dump = "ERROR [dump_input.py:79] Dumping scheduler output for model execution: SchedulerOutput(";
    say(`${dump}scheduled_new_reqs=[...`, { _STREAM_ID: "a", _LINE_BREAK: "line-max" });
    say("stop=['what a client wrote'], ...", { _STREAM_ID: "a", _LINE_BREAK: "line-max" });
    say("end of what a client wrote", { _STREAM_ID: "a" });
    say("Avg generation throughput: 800.0 tokens/s", { _STREAM_ID: "a" });
    await sent();
    assert.deepEqual(await taken(), [
      "shardplan-gateway: [NOTICE]   (1) : New worker (8) forked",
      "shardplan-vllm: Avg generation throughput: 800.0 tokens/s",
    ]);
  });

  it("comes later where a minute fails, with one line that says why", async () => {
    newHost("later");
    say("before");
    await sent();
    say("meanwhile");
    const away = await publish({ AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: "http://127.0.0.1:1" });
    assert.equal(away.status, 1);
    assert.match(away.output, /^CloudWatch took no logs: .*Could not connect to the endpoint URL.*\n$/);
    const roleless = await publish({ AWS_EC2_METADATA_DISABLED: "true" });
    assert.match(roleless.output, /^CloudWatch took no logs: .*[Uu]nable to locate credentials.*\n$/);
    writeFileSync(join(folder, "unreadable"), "");
    const unreadable = await publish();
    rmSync(join(folder, "unreadable"));
    assert.deepEqual(unreadable, {
      status: 1,
      output: "the journal cannot be read: Failed to open the journal: Permission denied\n",
    });
    say("after");
    await sent();
    assert.deepEqual(await taken(), [
      "shardplan-vllm: before",
      "shardplan-vllm: meanwhile",
      "shardplan-vllm: after",
    ]);
  });

  it("says that the group is gone, and keeps its place", async () => {
    newHost("groupless");
    const job = { region: REGION, group: "/shardplan/gone", stream, days: 30 };
    writeFileSync(join(folder, "logs.json"), logPublisherJob(job));
    const { status, output } = await publish();
    assert.equal(status, 1);
    assert.match(output, /^CloudWatch took no logs: .*ResourceNotFoundException.*\n$/);
    assert.equal(existsSync(join(folder, "state/cursor")), false);
  });

  it("comes in batches that the API takes: not too many, too large, too long apart, nor too old", async () => {
    newHost("batches");
    say("the first");
    await sent();
    say("too old to be taken", { ago: 20 * DAY });
    say("ten days old", { ago: 10 * DAY });
    say("the clock went back", { ago: 10 * DAY + 1000 });
    say("of yesterday", { ago: DAY + HOUR });
    for (let index = 0; index < 10_050; index++) say(`line ${index}`, { ago: 90_000 });
    for (let minute = 4; minute > 1; minute--) say("x".repeat(600_000), { ago: minute * HOUR });
    const calls = () => readFileSync(join(folder, "arguments"), "utf8").split("put-log-events").length;
    const before = calls();
    // A slow machine ends before all is sent, and goes on there in the next minute.
    for (let minute = 0; minute < 4; minute++) await sent();
    // Ten days ago; yesterday; 10,000 lines; the rest with a large one; two large ones that do not fit together.
    assert.equal(calls() - before, 6);
    const said = await logs(
      "filter-log-events",
      "--log-group-name",
      GROUP,
      "--log-stream-names",
      stream,
      "--max-items",
      "20000",
    );
    const messages = (JSON.parse(said) as { events: readonly Said[] }).events.map(({ message }) => message);
    assert.equal(messages.filter((line) => line.includes(": line ")).length, 10_050);
    assert.equal(messages.filter((line) => line.includes("xxx")).length, 3);
    assert.equal(messages.filter((line) => line === "shardplan-vllm: the clock went back").length, 1);
    assert.deepEqual(
      messages.filter((line) => line.includes("too old")),
      [],
    );
  });

  it("is a megabyte of a minute at most, and says where the rest is", async () => {
    newHost("loud");
    for (const text of ["a", "b", "c"]) say(text.repeat(400_000), { ago: 90_000 });
    say("d", { ago: 90_000 });
    say("the minute after", { ago: 30_000 });
    await sent();
    const lines = (await taken()).map((line) => line.slice(0, 40));
    assert.deepEqual(lines, [
      `shardplan-vllm: ${"a".repeat(24)}`,
      `shardplan-vllm: ${"b".repeat(24)}`,
      "shardplan: more than 1 MB came in this m",
      "shardplan-vllm: the minute after",
    ]);
  });
});
