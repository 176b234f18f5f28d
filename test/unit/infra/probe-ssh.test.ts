import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { probeSsh } from "../../../infra/hosts/probe-ssh";
import { logIn, runOnTarget } from "../../../infra/hosts/ssh-session";
import { type FakeBastion, openFakeBastion } from "../../engine/fake-bastion";
import { type FakeHost, newKeyPair, openFakeHost } from "../../engine/fake-host";
import { openHangingUpServer } from "../rehearsal/hanging-up-server";

/** A port of loopback on which nothing listens. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

describe("probeSsh", () => {
  const key = newKeyPair();
  let host: FakeHost;
  const target = () => ({
    address: "127.0.0.1",
    port: host.port,
    user: "root",
    privateKey: key.privateKey,
    hostKey: host.hostKey,
  });

  before(async () => {
    host = await openFakeHost(key.publicKey);
  });
  after(() => host.close());

  it("has nothing to say when the host lets us in and shows the pinned key", async () => {
    assert.equal(await probeSsh(target()), undefined);
  });

  it("says that the host refuses the key, for which user, and what to do", async () => {
    const problem = await probeSsh({ ...target(), privateKey: newKeyPair().privateKey });
    assert.match(problem ?? "", /^refuses the SSH key for user root; .*authorized_keys/);
  });

  it("says that the host key has changed, and how to read the new one", async () => {
    const [type, base64 = ""] = newKeyPair().publicKey.split(" ");
    const problem = await probeSsh({ ...target(), hostKey: `${type} ${base64}` });
    assert.match(
      problem ?? "",
      /^the host key has changed: hostKey pins \.\.\..{12}, the host shows \.\.\..{12};/,
    );
    assert.match(problem ?? "", new RegExp(`ssh-keyscan -p ${host.port} -t ed25519 127.0.0.1`));
  });

  it("says that the host has no key of the pinned kind", async () => {
    const problem = await probeSsh({ ...target(), hostKey: "ecdsa-sha2-nistp256 AAAA" });
    assert.match(problem ?? "", /^the host has no ecdsa-sha2-nistp256 key; set hostKey/);
  });

  it("says that nothing answers", async () => {
    // Port 1 of loopback: nothing listens there, so each try is refused at once.
    const problem = await probeSsh({ ...target(), port: 1 });
    assert.match(
      problem ?? "",
      /^no SSH answer on port 1 \(.*ECONNREFUSED.*\); check address, port and firewall/,
    );
  });

  it("tries again where nothing listens yet", async () => {
    let tries = 0;
    const server = createServer((socket) => {
      tries++;
      socket.destroy();
    });
    const port = await freePort();
    const answer = probeSsh({ ...target(), port });
    // The first try is refused before this runs: both go through the same event loop, and a pause of 2 s follows.
    setTimeout(() => server.listen(port, "127.0.0.1"), 500);
    assert.notEqual(await answer, undefined, "nobody lets us in there");
    server.close();
    assert.equal(tries, 2, "two of three tries find the server");
  });

  it("does not wait for ever for a host that hangs up in the middle of the login, and tries again", async () => {
    const booting = await openHangingUpServer();
    const problem = await probeSsh({ ...target(), ...booting });
    await booting.close();
    assert.match(problem ?? "", /^ended the connection during the login; it may still be booting/);
    assert.equal(booting.logins(), 3);
  });

  it("says that a private key cannot be read", async () => {
    assert.match(
      (await probeSsh({ ...target(), privateKey: "nonsense" })) ?? "",
      /^the SSH private key cannot be read/,
    );
  });

  describe("through a bastion", () => {
    let bastion: FakeBastion;
    const via = () => ({ ...bastion, address: "127.0.0.1", user: "jump" });
    /** Only the bastion knows the way to it. */
    const hidden = () => ({ ...target(), address: "192.0.2.7", port: 22, via: via() });

    beforeEach(async () => {
      bastion = await openFakeBastion(() => ({ address: "127.0.0.1", port: host.port }));
    });
    afterEach(() => bastion.close());

    it("has nothing to say when both let us in, and has gone through it", async () => {
      assert.equal(await probeSsh(hidden()), undefined);
      assert.deepEqual(bastion.opened(), ["192.0.2.7:22"]);
    });

    it("verifies the host's own key, and says where its new one can be read", async () => {
      const [type, base64 = ""] = newKeyPair().publicKey.split(" ");
      const problem = await probeSsh({ ...hidden(), hostKey: `${type} ${base64}` });
      const scan = `ssh -p ${bastion.port} jump@127.0.0.1 ssh-keyscan -p 22 -t ed25519 192.0.2.7`;
      assert.match(problem ?? "", /^the host key has changed/);
      assert.ok(problem?.includes(`\`${scan}\``), problem);
    });

    it("runs commands there, and hangs up at the bastion, too", async () => {
      const { stdout } = await runOnTarget(hidden(), {
        command: "bash -c x -- look; true",
        stdin: "sha256sum <nothing",
        limitSeconds: 10,
      });
      assert.equal(stdout, "");
      assert.deepEqual(bastion.opened(), ["192.0.2.7:22"]);
      for (let waited = 0; bastion.sessions() > 0 && waited < 5000; waited += 50) await sleep(50);
      assert.equal(bastion.sessions(), 0);
    });

    it("says that the bastion may not forward", async () => {
      bastion.prohibit();
      assert.match(
        (await probeSsh(hidden())) ?? "",
        /^the bastion forwards nothing to it; allow that there \(AllowTcp/,
      );
    });

    it("does not go on through a bastion that shows another key, or does not know ours", async () => {
      const [type, base64 = ""] = newKeyPair().publicKey.split(" ");
      await assert.rejects(logIn({ ...hidden(), via: { ...via(), hostKey: `${type} ${base64}` } }));
      await assert.rejects(logIn({ ...hidden(), via: { ...via(), privateKey: newKeyPair().privateKey } }));
      assert.deepEqual(bastion.opened(), []);
    });
  });
});
