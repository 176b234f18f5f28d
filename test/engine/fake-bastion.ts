import { type AddressInfo, connect, type Socket } from "node:net";
import { type Connection, Server, utils } from "ssh2";
import { newSshKeyPair } from "../../rehearsal/ssh-key-pair";

/** An SSH server on loopback that runs nothing and leads on, as a bastion does. */
export interface FakeBastion {
  readonly port: number;
  /** `ssh-ed25519 AAAA...` */
  readonly hostKey: string;
  readonly privateKey: string;
  /** Ways that were opened since the last call, as `address:port`. */
  opened(): string[];
  /** Clients that are logged in. */
  sessions(): number;
  /** Whoever logs in from now on gets no further. */
  prohibit(): void;
  close(): Promise<void>;
}

/** Where a way to an address ends. */
export type Route = (address: string, port: number) => { readonly address: string; readonly port: number };

/** Opens a bastion whose ways end where `route` says; by default where they are asked for. */
export async function openFakeBastion(
  route: Route = (address, port) => ({ address, port }),
): Promise<FakeBastion> {
  const hostKey = newSshKeyPair();
  const userKey = newSshKeyPair();
  const known = utils.parseKey(userKey.public);
  if (known instanceof Error) throw known;
  const opened: string[] = [];
  const clients = new Set<Connection>();
  const sockets = new Set<Socket>();
  let forwards = true;
  const server = new Server({ hostKeys: [hostKey.private] }, (client) => {
    clients.add(client);
    client.on("error", () => {}).on("close", () => clients.delete(client));
    client.on("authentication", (attempt) => {
      const isKnown = attempt.method === "publickey" && attempt.key.data.equals(known.getPublicSSH());
      if (isKnown) attempt.accept();
      else attempt.reject(["publickey"]);
    });
    // Without a listener the library says that it is prohibited.
    if (!forwards) return;
    client.on("tcpip", (accept, reject, { destIP, destPort }) => {
      const { address, port } = route(destIP, destPort);
      const socket = connect(port, address);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket)).once("error", reject);
      socket.once("connect", () => {
        opened.push(`${destIP}:${destPort}`);
        socket.removeListener("error", reject).on("error", () => {});
        const channel = accept();
        channel.on("error", () => {}).once("close", () => socket.destroy());
        socket.pipe(channel).pipe(socket);
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: hostKey.public.split(" ").slice(0, 2).join(" ").trim(),
    privateKey: userKey.private,
    opened: () => opened.splice(0),
    sessions: () => clients.size,
    prohibit: () => {
      forwards = false;
    },
    close: () => {
      for (const each of [...clients, ...sockets]) "destroy" in each ? each.destroy() : each.end();
      return new Promise((done) => server.close(() => done()));
    },
  };
}
