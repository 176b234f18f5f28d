import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { UserError } from "../../config";
import { PORTS } from "../../serving";
import { instantQuery } from "./prometheus";

/** A Prometheus that only its own host reaches, as this machine reaches it. */
export interface Tunnel {
  readonly url: string;
  close(): void;
}

const LIMIT_MS = 30_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The Prometheus of a stack's first host through SSH, at a port of this machine that is free.
 * @param destination What stands behind `ssh` to get there, such as `ubuntu@192.0.2.1` or `-J bastion ubuntu@10.0.0.7`.
 * Throws `UserError` with ssh's own words when it ends, or when nobody answers in half a minute.
 */
export async function tunnelTo(destination: string): Promise<Tunnel> {
  const port = await freePort();
  const forward = `127.0.0.1:${port}:127.0.0.1:${PORTS.prometheus}`;
  const ssh = spawn(
    "ssh",
    [
      "-N",
      ...["-o", "ExitOnForwardFailure=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15"],
      ...["-L", forward, ...destination.split(/\s+/).filter(Boolean)],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const close = () => {
    ssh.kill();
    process.off("exit", close);
    for (const signal of SIGNALS) process.off(signal, closeAndEnd);
  };
  // A signal ends this process without "exit", and ssh would stay.
  const closeAndEnd = (signal: NodeJS.Signals) => {
    close();
    process.kill(process.pid, signal);
  };
  process.once("exit", close);
  for (const signal of SIGNALS) process.once(signal, closeAndEnd);
  const said = gather(ssh);
  const url = `http://127.0.0.1:${port}`;
  try {
    await Promise.race([answers(url, destination), ended(ssh, said, destination)]);
  } catch (error) {
    close();
    throw error;
  }
  return { url, close };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** ssh's last line, as it grows. */
function gather(ssh: ChildProcess): () => string {
  let text = "";
  ssh.stderr?.on("data", (piece) => {
    text = `${text}${piece}`.slice(-2000);
  });
  return () => text.trim().split("\n").at(-1)?.trim() ?? "";
}

async function ended(ssh: ChildProcess, said: () => string, destination: string): Promise<never> {
  const why = await new Promise<string>((resolve) => {
    ssh.once("error", (error) => resolve(`cannot run ssh: ${error.message}`));
    ssh.once("close", () => resolve(said() || "ssh ended"));
  });
  throw noTunnel(destination, why);
}

async function answers(url: string, destination: string): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    try {
      await instantQuery(url, "vector(1)");
      return;
    } catch (error) {
      if (Date.now() > deadline)
        throw noTunnel(destination, `no Prometheus answers on port ${PORTS.prometheus} there`, error);
      await setTimeout(200);
    }
  }
}

const noTunnel = (destination: string, message: string, cause?: unknown) =>
  new UserError({
    code: "no-tunnel",
    where: `--ssh ${destination}`,
    message,
    hint: "give what stands behind ssh in the stack's output hosts, for the first host of a stack with monitoring.mode on",
    cause,
  });
