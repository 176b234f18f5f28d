import { spawn } from "node:child_process";
import { access, open } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface BootOptions {
  readonly name: string;
  readonly root: string;
  readonly bridge: string;
  readonly consoleLog: string;
  /** Folders of this machine that the host sees, read-only, under the given paths. */
  readonly mounts: Readonly<Record<string, string>>;
}

/** Time that an orderly shutdown gets before the host is killed. */
const SHUTDOWN_MS = 20_000;

/** Boots the tree in a container with systemd as its first process; it outlives this process. Returns its pid. */
export async function bootHost(options: BootOptions): Promise<number> {
  const console = await open(options.consoleLog, "a");
  // Where this machine runs systemd, the container gets a scope of its own; elsewhere it stays in our cgroup.
  const scope = (await isThere("/run/systemd/system")) ? [] : ["--keep-unit"];
  const mounts = Object.entries(options.mounts).map(([inside, outside]) => `--bind-ro=${outside}:${inside}`);
  const child = spawn(
    "systemd-nspawn",
    [
      ...["--quiet", "--boot", "--register=no", ...scope],
      ...["--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe"],
      `--machine=${options.name}`,
      `--directory=${options.root}`,
      `--network-bridge=${options.bridge}`,
      ...mounts,
    ],
    { detached: true, stdio: ["ignore", console.fd, console.fd] },
  );
  await console.close();
  child.unref();
  if (child.pid === undefined) throw new Error("systemd-nspawn cannot be started");
  return child.pid;
}

/** Shuts the host down in order, and kills it when that takes too long. */
export async function stopHost(pid: number): Promise<void> {
  for (const [signal, patienceMs] of [
    ["SIGTERM", SHUTDOWN_MS],
    ["SIGKILL", 5000],
  ] as const) {
    if (!isNspawn(pid, signal)) return;
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if (!isNspawn(pid, 0)) return;
      await sleep(100);
    }
  }
}

/** Sends the signal; false when the process is gone. */
function isNspawn(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Waits until the host's SSH server greets. */
export async function waitForSsh(address: string, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await greets(address))) {
    if (Date.now() > deadline) throw new Error(`no SSH server at ${address} after ${limitMs / 1000} s`);
    await sleep(200);
  }
}

function greets(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 2000 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (data) => done(data.toString().startsWith("SSH-")));
    socket.once("error", () => done(false));
    socket.once("timeout", () => done(false));
    socket.once("close", () => done(false));
  });
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
