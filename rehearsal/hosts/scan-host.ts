import { connect } from "node:net";
import type { LocalHost, LocalHosts } from "./local-hosts";
import { runOnHost } from "./run-on-host";

const PATIENCE_MS = 2000;

/** What this machine sees of a host's TCP ports. */
export interface Scan {
  /** Ports that take a connection, ascending. */
  readonly open: readonly number[];
  /** How many ports something listens on, loopback left out. */
  readonly listening: number;
}

/** Tries every port of the host on which something listens, other than on loopback alone. */
export async function scanHost(hosts: LocalHosts, host: LocalHost): Promise<Scan> {
  const { stdout } = await runOnHost(hosts, host, "ss -ltnH | awk '{print $4}'");
  const sockets = stdout.split("\n").filter((socket) => !/^(127\.|\[::1\]|\[::ffff:127\.)/.test(socket));
  const ports = [...new Set(sockets.map((socket) => Number(socket.split(":").at(-1))))].sort((a, b) => a - b);
  const answers = await Promise.all(ports.map((port) => takesConnection(host.address, port)));
  return { open: ports.filter((_, at) => answers[at]), listening: ports.length };
}

function takesConnection(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
    socket.once("timeout", () => done(false));
  });
}
