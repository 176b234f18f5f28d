import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { Client, ClientChannel } from "ssh2";
import { dial, type SshConnection } from "./ssh-connection";

export interface RemoteCommand {
  readonly connection: SshConnection;
  readonly command: string;
  readonly stdin: string;
  /** A variable that the server refuses is an error. */
  readonly environment: Readonly<Record<string, string>>;
  /** Previous output offered as variables: a refusal is only a warning. */
  readonly offered: Readonly<Record<string, string>>;
  readonly logging: "stdout" | "stderr" | "stdoutAndStderr" | "none";
}

export interface RemoteLog {
  /** A line of output or of a retry, shown while the resource is worked on. */
  status(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

export interface RemoteOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one command over SSH as @pulumi/command 1.2.1 does (remote/commandOutputs.go): output is captured whole
 * and streamed by line; anything but exit status 0 is an error that shows the command and all of its output.
 */
export async function runRemoteCommand(task: RemoteCommand, log: RemoteLog): Promise<RemoteOutput> {
  const client = await dial(task.connection, (message) => log.status(message));
  try {
    await assertEnvironmentAccepted(client, task, log);
    return await execute(client, task, log);
  } finally {
    client.end();
  }
}

/** The library sends variables without asking for a reply, so the server is asked which of them arrived. */
async function assertEnvironmentAccepted(client: Client, task: RemoteCommand, log: RemoteLog): Promise<void> {
  const variables = { ...task.offered, ...task.environment };
  const names = Object.keys(variables);
  if (names.length === 0) return;
  const probe = names.map((name) => `printenv ${name} >/dev/null || echo ${name}`).join("; ");
  const channel = await openChannel(client, probe, variables);
  channel.end();
  const [missing] = await Promise.all([text(channel), exitOf(channel)]);
  for (const name of missing.split("\n").filter(Boolean)) {
    const message =
      `Unable to set '${name}'. This only works if your SSH server is configured to accept these variables via ` +
      "AcceptEnv. Alternatively, if a Bash-like shell runs the command on the remote host, you could prefix the " +
      "command itself with the variables in the form 'VAR=value command'";
    if (name in task.environment) {
      log.error(message);
      throw new Error(`could not set environment variable "${name}": ssh: setenv failed`);
    }
    log.warn(message);
  }
}

async function execute(client: Client, task: RemoteCommand, log: RemoteLog): Promise<RemoteOutput> {
  const channel = await openChannel(client, task.command, { ...task.offered, ...task.environment });
  const both: Buffer[] = [];
  const collect = (stream: NodeJS.ReadableStream, name: "stdout" | "stderr") => {
    const copy = new PassThrough();
    stream.on("data", (chunk: Buffer) => both.push(chunk));
    if (task.logging === name || task.logging === "stdoutAndStderr") {
      createInterface({ input: stream.pipe(new PassThrough()) }).on("line", (line) => log.status(line));
    }
    return text(stream.pipe(copy));
  };
  const outputs = [collect(channel, "stdout"), collect(channel.stderr, "stderr")] as const;
  channel.end(task.stdin);
  const [failure, stdout, stderr] = await Promise.all([exitOf(channel), ...outputs]);
  if (failure) {
    throw new Error(
      `${failure}: running ${JSON.stringify(task.command)}:\n${Buffer.concat(both).toString()}`,
    );
  }
  return { stdout: stdout.replace(/\n$/, ""), stderr: stderr.replace(/\n$/, "") };
}

function openChannel(client: Client, command: string, env: Record<string, string>): Promise<ClientChannel> {
  return new Promise((resolve, reject) =>
    client.exec(command, { env }, (error, channel) => (error ? reject(error) : resolve(channel))),
  );
}

/** Undefined after exit status 0, else the words of Go's ssh.ExitError. */
function exitOf(channel: ClientChannel): Promise<string | undefined> {
  return new Promise((resolve) => {
    let failure: string | undefined = "wait: remote command exited without exit status or exit signal";
    channel.on("exit", (code: number | null, signal?: string) => {
      if (code === 0) failure = undefined;
      else if (signal)
        failure = `Process exited with status ${code ?? 1} from signal ${signal.replace(/^SIG/, "")}`;
      else failure = `Process exited with status ${code}`;
    });
    channel.on("close", () => resolve(failure));
  });
}
