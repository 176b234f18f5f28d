import assert from "node:assert/strict";
import type { Host } from "../../../infra/hosts/host";
import { readAsRoot } from "../../../infra/stack-outputs";

const host = (user: string, port = 22): Host => ({
  name: "node-0",
  label: "hosts.0",
  address: "192.0.2.1",
  privateAddress: "",
  connection: { host: "192.0.2.1" },
  user,
  port,
});

describe("the output apiKeyCommand", () => {
  it("reads the key with sudo, unless the SSH user is root, whose host may have none", () => {
    assert.equal(readAsRoot(host("ubuntu"), "192.0.2.1", "/k"), "ssh ubuntu@192.0.2.1 sudo cat /k");
    assert.equal(readAsRoot(host("root", 2222), "192.0.2.1", "/k"), "ssh -p 2222 root@192.0.2.1 cat /k");
  });
});
