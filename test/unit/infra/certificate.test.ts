import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

const PROGRAM = join(__dirname, "../../../infra/programs/certificate.sh");
const DAY_MS = 86_400_000;

/** The program that makes and renews the gateway's certificate, with real OpenSSL, on a host whose gateway does not run. */
describe("certificate.sh", () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "shardplan-certificate-"));
    mkdirSync(at("secrets"));
    writeFileSync(at("systemctl"), "#!/bin/sh\necho 0\n", { mode: 0o755 });
    const program = readFileSync(PROGRAM, "utf8").replace(/^CADDY=.*$/m, `CADDY=${at("caddy")}`);
    writeFileSync(at("program"), program, { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function run(name = "203.0.113.7"): string {
    const env = {
      PATH: `${folder}:${process.env.PATH}`,
      KIND: "internal",
      NAME: name,
      CERTIFICATE: at("gateway/certificate.pem"),
      AUTHORITY: at("secrets/authority"),
      GATEWAY_UNIT: "gateway.service",
      GATEWAY_USER: userInfo().username,
      CHALLENGE_PORT: "7997",
    };
    return execFileSync(at("program"), { env, encoding: "utf8" });
  }
  const root = () => new X509Certificate(readFileSync(at("secrets/authority/root.pem")));
  const leaf = () => new X509Certificate(readFileSync(at("gateway/certificate.pem")));

  it("makes a certificate for the address, which the authority has signed, and which only its owner reads", () => {
    run();
    assert.ok(leaf().verify(root().publicKey), "signed");
    assert.equal(leaf().checkIP("203.0.113.7"), "203.0.113.7");
    const days = (new Date(leaf().validTo).getTime() - Date.now()) / DAY_MS;
    assert.ok(days > 89 && days <= 90, `${days} days`);
    assert.deepEqual([root().ca, leaf().ca], [true, false]);
    for (const secret of ["gateway/certificate.pem", "secrets/authority/root.key"])
      assert.equal(statSync(at(secret)).mode & 0o077, 0, secret);
    assert.ok(!readFileSync(at("secrets/authority/root.pem"), "utf8").includes("PRIVATE"), "public part");
    assert.deepEqual(readdirSync(at("secrets")), ["authority"]);
  });

  it("does nothing while the certificate is good for another month, and takes a name for what it is", () => {
    run("llm.internal");
    assert.equal(leaf().checkHost("llm.internal"), "llm.internal");
    const { serialNumber } = leaf();
    assert.equal(run("llm.internal"), "");
    assert.equal(leaf().serialNumber, serialNumber);
  });

  it("makes it anew when it is about to end, for another address, or gone; the authority stays", () => {
    const usual = readFileSync(at("program"), "utf8");
    writeFileSync(at("program"), usual.replace("LEAF_DAYS=90 RENEW_DAYS=30", "LEAF_DAYS=20 RENEW_DAYS=10"));
    run();
    writeFileSync(at("program"), usual);
    const authority = root().fingerprint256;
    const days = (new Date(leaf().validTo).getTime() - Date.now()) / DAY_MS;
    assert.ok(days < 20, `${days} days`);
    assert.match(run(), /^a new certificate for 203\.0\.113\.7, ends /);
    assert.match(run("203.0.113.8"), /^a new certificate for 203\.0\.113\.8, /);
    assert.equal(leaf().checkIP("203.0.113.8"), "203.0.113.8");
    rmSync(at("gateway"), { recursive: true });
    assert.match(run("203.0.113.8"), /^a new certificate /);
    assert.equal(root().fingerprint256, authority);
  });

  it("makes anew what was edited so that it is of no use", () => {
    run();
    writeFileSync(
      at("gateway/certificate.pem"),
      readFileSync(at("gateway/certificate.pem"), "utf8").replace(/-----BEGIN EC[\s\S]*/, ""),
    );
    run();
    assert.ok(leaf().verify(root().publicKey), "signed");
    const before = root().serialNumber;
    for (const file of ["root.pem", "root.key"]) {
      writeFileSync(at(`secrets/authority/${file}`), "edited\n");
      run();
      assert.ok(leaf().verify(root().publicKey), "signed by another authority");
    }
    assert.notEqual(root().serialNumber, before);
  });

  it("takes the one that the stack brings, and nothing else", () => {
    writeFileSync(at("own.pem"), "certificate and key\n");
    const program = readFileSync(at("program"), "utf8");
    writeFileSync(at("program"), program.replace("set -euo", `KIND=own OWN=${at("own.pem")}\nset -euo`));
    assert.match(
      run("llm.example.com"),
      /^made the gateway's authority\na new certificate for llm\.example\.com, /,
    );
    assert.equal(readFileSync(at("gateway/certificate.pem"), "utf8"), "certificate and key\n");
    assert.equal(run("llm.example.com"), "");
  });

  it("takes over the authority of the gateway that earlier versions had: clients trust it", () => {
    mkdirSync(at("caddy"));
    const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(...made, "-subj", "/CN=Caddy", "-keyout", at("caddy/root.key"), "-out", at("caddy/root.crt"));
    run();
    assert.equal(root().subject, "CN=Caddy");
    assert.ok(leaf().verify(root().publicKey), "signed");
  });
});
