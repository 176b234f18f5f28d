import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { givenHosts, keyFile } from "../../../infra/hosts/given-hosts";

const CHECKOUT = resolve(__dirname, "../../..");

describe("privateKeyPath of a given host", () => {
  it("may begin with the home folder, as the example in Pulumi.byo.yaml does", () => {
    assert.equal(keyFile("~/.ssh/id_ed25519"), join(homedir(), ".ssh/id_ed25519"));
  });

  it("is taken from the stack file's folder, not from where Pulumi runs the program", () => {
    assert.equal(keyFile("keys/host"), join(CHECKOUT, "keys/host"));
    assert.equal(keyFile("/etc/key"), "/etc/key");
  });

  it("that cannot be read is named with its key and what to do", () => {
    const host = { address: "192.0.2.1", port: 22, user: "root", hostKey: "ssh-ed25519 AAAA" };
    assert.throws(
      () => givenHosts([{ ...host, privateKeyPath: "/no/such/key" }], {}),
      /^Error: hosts\[0\]\.privateKeyPath: cannot read \/no\/such\/key \(ENOENT.*\); set it to the file of/,
    );
  });
});
