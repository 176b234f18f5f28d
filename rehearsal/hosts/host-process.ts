import { spawn } from "node:child_process";
import { access, open, readdir, rmdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, pidOf, processIdentity } from "../process-identity";

export interface BootOptions {
  readonly name: string;
  readonly root: string;
  readonly bridge: string;
  readonly consoleLog: string;
  /** Folders of this machine that the host sees, read-only, under the given paths. */
  readonly mounts: Readonly<Record<string, string>>;
}

/** Where systemd keeps its tree of cgroups: version 1, both, or version 2 alone. */
const CGROUP_TREES = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

/** Time that an orderly shutdown gets before the host is killed. */
const SHUTDOWN_MS = 20_000;

/**
 * Moves itself into a cgroup, named by $0, in each tree that there is, and runs the given program there; again when the host
 * reboots, which systemd-nspawn leaves to others where it has no scope of its own (exit status 133).
 */
const IN_OWN_CGROUP = `
for tree in ${CGROUP_TREES.join(" ")}; do
  if [ -f "$tree/cgroup.procs" ]; then mkdir -p "$tree/$0" && echo $$ >"$tree/$0/cgroup.procs"; fi
done
trap 'kill -s TERM "$host"' TERM
while :; do
  "$@" &
  host=$!
  wait "$host"
  status=$?
  while kill -s 0 "$host" 2>/dev/null; do wait "$host"; status=$?; done
  [ "$status" -eq 133 ] || exit "$status"
done`;

/**
 * The command that starts a container. This machine's systemd gives it a scope of its own. Where there is none it would
 * share our cgroup with every other host, and the systemd of one would meet, wait for and kill the services of the other
 * that have the same names: there it keeps a cgroup that we give it.
 */
async function containerCommand(name: string): Promise<readonly [program: string, ...args: string[]]> {
  if (await isThere("/run/systemd/system")) return ["systemd-nspawn"];
  return ["sh", "-c", IN_OWN_CGROUP, name, "systemd-nspawn", "--keep-unit"];
}

/** Boots the tree in a container with systemd as its first process; it outlives this process. Returns its identity. */
export async function bootHost(options: BootOptions): Promise<string> {
  const console = await open(options.consoleLog, "a");
  const [program, ...args] = await containerCommand(options.name);
  const mounts = Object.entries(options.mounts).map(([inside, outside]) => `--bind-ro=${outside}:${inside}`);
  const child = spawn(
    program,
    [
      ...args,
      ...["--quiet", "--boot", "--register=no"],
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
  return processIdentity(child.pid);
}

/** Shuts the host down in order, and kills it when that takes too long. */
export async function stopHost(container: string): Promise<void> {
  for (const [signal, patienceMs] of [
    ["SIGTERM", SHUTDOWN_MS],
    ["SIGKILL", 5000],
  ] as const) {
    if (!(await isAlive(container))) return;
    try {
      // The shell that starts it again passes an orderly end on; killed, it has to go together with the container.
      process.kill(signal === "SIGKILL" ? -pidOf(container) : pidOf(container), signal);
    } catch {
      return; // It ended just now.
    }
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if (!(await isAlive(container))) return;
      await sleep(100);
    }
  }
}

/** Removes the cgroups that the host leaves; it has none of its own where this machine's systemd kept them. */
export async function removeCgroups(name: string): Promise<void> {
  for (const tree of CGROUP_TREES) {
    const group = join(tree, name);
    const inside = await readdir(group, { recursive: true, withFileTypes: true }).catch(() => []);
    const folders = inside
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    // The innermost first: a cgroup with others in it cannot go.
    for (const folder of [...folders.sort((a, b) => b.length - a.length), group])
      await rmdir(folder).catch(() => {});
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
