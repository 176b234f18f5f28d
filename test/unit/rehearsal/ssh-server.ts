import type { AddressInfo } from "node:net";
import { type Connection, Server, utils } from "ssh2";
import { connectionSchema, type SshConnection } from "../../../rehearsal/providers/ssh-connection";
import { newSshKeyPair } from "../../../rehearsal/ssh-key-pair";

/** What the server does with a command. */
export type Answer = (
  command: string,
  stdin: string,
  environment: Record<string, string>,
) => { stdout?: string; stderr?: string; exit: number | { signal: string } | "never" };

export interface TestServer {
  /** A connection that this server accepts, with few and quick retries. */
  readonly connection: SshConnection;
  /** Connections that were made so far. */
  readonly dials: () => number;
  close(): Promise<void>;
}

/** An SSH server on loopback that answers commands itself. It takes the variables in `accepted`, as AcceptEnv does. */
export async function openServer(answer: Answer, accepted: readonly string[] = []): Promise<TestServer> {
  const hostKey = newSshKeyPair();
  const userKey = newSshKeyPair();
  const known = utils.parseKey(userKey.public);
  if (known instanceof Error) throw known;
  let dials = 0;
  const server = new Server({ hostKeys: [hostKey.private] }, (client) => {
    dials++;
    client.on("error", () => {});
    client.on("authentication", (context) => {
      const mine = context.method === "publickey" && context.key.data.equals(known.getPublicSSH());
      if (mine) context.accept();
      else context.reject(["publickey"]);
    });
    client.on("ready", () => serve(client, answer, accepted));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
  const { port } = server.address() as AddressInfo;
  const connection = connectionSchema.parse({
    host: "127.0.0.1",
    port,
    hostKey: hostKey.public,
    privateKey: userKey.private,
    dialErrorLimit: 2,
  });
  return {
    connection,
    dials: () => dials,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

function serve(client: Connection, answer: Answer, accepted: readonly string[]): void {
  client.on("session", (accept) => {
    const session = accept();
    const environment: Record<string, string> = {};
    session.on("env", (acceptEnv, reject, { key, val }) => {
      if (!accepted.includes(key)) return reject?.();
      environment[key] = val;
      acceptEnv?.();
    });
    session.on("exec", (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      let stdin = "";
      channel.on("data", (chunk: Buffer) => {
        stdin += chunk.toString();
      });
      channel.on("end", () => {
        const probe = missingVariables(command, environment);
        const { stdout = "", stderr = "", exit } = probe ?? answer(command, stdin, environment);
        channel.stdout.write(stdout);
        channel.stderr.write(stderr);
        if (typeof exit === "number") channel.exit(exit);
        else if (exit !== "never") channel.exit(exit.signal);
        channel.end();
      });
    });
  });
}

/** Answers, as a shell would, the question which variables arrived. */
function missingVariables(
  command: string,
  environment: Record<string, string>,
): ReturnType<Answer> | undefined {
  if (!command.startsWith("printenv ")) return undefined;
  const asked = [...command.matchAll(/printenv (\w+)/g)].map(([, name = ""]) => name);
  return { stdout: asked.filter((name) => !(name in environment)).join("\n"), exit: 0 };
}
