import { type AddressInfo, createServer, type Socket } from "node:net";
import { Server } from "ssh2";
import { newSshKeyPair } from "../../../rehearsal/ssh-key-pair";

/** A host that is still booting: it shows its key, and hangs up in the middle of the login without a word. */
export interface HangingUpServer {
  readonly port: number;
  /** `ssh-ed25519 AAAA...` */
  readonly hostKey: string;
  /** A login that it does not take. */
  readonly privateKey: string;
  /** Logins that were begun so far. */
  readonly logins: () => number;
  close(): Promise<void>;
}

export async function openHangingUpServer(): Promise<HangingUpServer> {
  const own = newSshKeyPair();
  let logins = 0;
  const sockets = createServer((socket: Socket) => {
    const server = new Server({ hostKeys: [own.private] }, (client) => {
      client.on("error", () => {});
      client.on("authentication", () => {
        logins++;
        socket.destroy();
      });
    });
    server.injectSocket(socket);
  });
  await new Promise<void>((done) => sockets.listen(0, "127.0.0.1", done));
  return {
    port: (sockets.address() as AddressInfo).port,
    hostKey: own.public.split(" ").slice(0, 2).join(" "),
    privateKey: newSshKeyPair().private,
    logins: () => logins,
    close: () => new Promise((done) => sockets.close(() => done())),
  };
}
