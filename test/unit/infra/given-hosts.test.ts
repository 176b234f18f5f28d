import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { bastionOf } from "../../../infra/hosts/bastion";
import { givenHosts } from "../../../infra/hosts/given-hosts";
import { sshCommand } from "../../../infra/hosts/host";
import { keyFile } from "../../../infra/hosts/key-file";

const NO_BASTION = { port: 22, user: "ubuntu" };
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
      () => givenHosts({ hosts: [{ ...host, privateKeyPath: "/no/such/key" }], bastion: NO_BASTION }, {}),
      /^Error: hosts\[0\]\.privateKeyPath: cannot read \/no\/such\/key \(ENOENT.*\); set it to the file of/,
    );
  });
});

describe("a bastion", () => {
  const HOST_KEY = `ssh-ed25519 ${"A".repeat(68)}`;
  const bastion = { address: "198.51.100.5", port: 2222, user: "jump", hostKey: HOST_KEY };
  const hosts = [{ address: "10.0.0.7", port: 22, user: "root", hostKey: HOST_KEY }];

  it("is the way of the plugin's connection, and of the command that a person types", () => {
    const [host] = givenHosts({ hosts, bastion }, { sshPrivateKey: pulumi.secret("KEY") });
    assert.ok(host, "a host");
    const { proxy } = host.connection as { proxy: { host: string; port: number; hostKey: string } };
    assert.equal(`${proxy.host}:${proxy.port} ${proxy.hostKey}`, `198.51.100.5:2222 ${HOST_KEY}`);
    assert.equal(sshCommand(host, "10.0.0.7"), "ssh -J jump@198.51.100.5:2222 root@10.0.0.7");
    const [direct] = givenHosts({ hosts, bastion: NO_BASTION }, { sshPrivateKey: pulumi.secret("KEY") });
    assert.ok(direct, "a host without a bastion");
    assert.equal(sshCommand(direct, "10.0.0.7"), "ssh root@10.0.0.7");
  });

  it("without a key ends with one line", () => {
    assert.throws(
      () => bastionOf({ bastion }, {}),
      /^Error: bastion \(198\.51\.100\.5\): no SSH key; set bastion\.privateKeyPath, or run: pulumi config set/,
    );
    assert.throws(
      () => bastionOf({ bastion: { ...bastion, privateKeyPath: "/no/such/key" } }, {}),
      /^Error: bastion\.privateKeyPath: cannot read \/no\/such\/key/,
    );
  });
});
