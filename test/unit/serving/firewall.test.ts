import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { firewallRules, firewallUnit } from "../../../lib/serving";
import { planOf } from "./plan-fixture";

const HOST = { address: "10.0.0.5", hostKey: `ssh-ed25519 ${"A".repeat(68)}` };

describe("the firewall of given hosts", () => {
  const plan = planOf({ hosts: [HOST], gateway: { port: 8443 }, firewall: { openPorts: [9100] } });
  const rules = firewallRules(plan, { port: 2222 }, ["10.0.0.6", "10.0.0.5", "fd00::5"]);

  it("lets in the cluster's hosts, SSH, the gateway and what the user opens, and drops the rest", () => {
    assert.match(rules, /ip saddr \{ 10\.0\.0\.5, 10\.0\.0\.6 \} accept/);
    assert.match(rules, /ip6 saddr \{ fd00::5 \} accept/);
    assert.match(rules, /tcp dport \{ 2222, 8443, 9100 \} accept/);
    assert.match(rules, /counter drop\n\t\}\n\}\n$/);
  });

  it("touches no table but its own", () => {
    const tables = rules.match(/^(delete )?table \S+ \S+/gm);
    assert.deepEqual([...new Set(tables)], ["table inet shardplan", "delete table inet shardplan"]);
    assert.ok(!firewallUnit(plan).includes("flush"), 'not so: !firewallUnit(plan).includes("flush")');
  });

  it("is what nftables takes, once and again", function () {
    if (process.getuid?.() !== 0 || spawnSync("nft", ["--version"]).status !== 0) this.skip();
    const script = 'nft -f - <<<"$RULES" && nft -f - <<<"$RULES" && nft list chain inet shardplan input';
    const { status, stdout, stderr } = spawnSync("unshare", ["--net", "bash", "-c", script], {
      encoding: "utf8",
      env: { ...process.env, RULES: rules },
    });
    assert.equal(status, 0, stderr);
    assert.equal(stdout.match(/counter/g)?.length, 1);
  });
});
