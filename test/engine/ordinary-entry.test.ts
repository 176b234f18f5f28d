import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { type Engine, openEngine } from "../../rehearsal/engine";
import { newKeyPair } from "./fake-host";
import { NOBODY } from "./nobody";
import { installNodeLanguageHost } from "./node-language-host";

const CHECKOUT = resolve(__dirname, "../..");

/** The program as a user starts it: `pulumi` in a shell, Pulumi.yaml, the stack files, the Node runtime. */
describe("pulumi preview in the checkout", function () {
  this.timeout(600_000);
  let engine: Engine;
  let project: string;
  const key = newKeyPair();

  before(async () => {
    engine = await openEngine({ standIns: ["command", "aws"] });
    await installNodeLanguageHost(join(engine.folder, "bin"));
    project = copyOfCheckout(join(engine.folder, "checkout"));
    pulumi(["stack", "init", "prod"]);
    pulumi(["config", "set", "--secret", "shardplan:sshPrivateKey"], key.privateKey);
  });
  after(() => engine?.close());

  /** The program's files linked, the stack files copied, so that a test may change them. */
  function copyOfCheckout(folder: string): string {
    mkdirSync(folder);
    for (const name of ["infra", "lib", "node_modules", "package.json", "tsconfig.json", "Pulumi.yaml"]) {
      symlinkSync(join(CHECKOUT, name), join(folder, name));
    }
    cpSync(join(CHECKOUT, "Pulumi.prod.yaml"), join(folder, "Pulumi.prod.yaml"));
    return folder;
  }

  function pulumi(args: readonly string[], input = "") {
    const path = `${join(engine.folder, "bin")}:${process.env.PATH}`;
    const { status, stdout, stderr } = spawnSync(engine.command.command, [...args, "--non-interactive"], {
      cwd: project,
      env: { ...process.env, ...NOBODY, ...engine.environment, PATH: path },
      encoding: "utf8",
      input,
    });
    return { status, text: `${stdout}${stderr}` };
  }

  /** Changes one section of the stack file while `work` runs. */
  function withSection<Value>(section: string, values: object, work: () => Value): Value {
    const path = join(project, "Pulumi.prod.yaml");
    const text = readFileSync(path, "utf8");
    const file = parse(text) as { config: Record<string, object> };
    file.config[`shardplan:${section}`] = { ...file.config[`shardplan:${section}`], ...values };
    writeFileSync(path, stringify(file));
    try {
      return work();
    } finally {
      writeFileSync(path, text);
    }
  }

  it("runs the prod stack through Pulumi.yaml's main and options", () => {
    const { status, text } = pulumi(["preview", "--stack", "prod"]);
    assert.equal(status, 0, text);
    assert.match(text, /aws:ec2:Instance +aws-node-0 +create/);
    assert.match(text, /command:remote:Command +node-0-verify +create/);
    // Nobody has credentials here: the plan is shown, and what was not asked is said.
    assert.match(
      text,
      /no AWS credentials are in sight .* in us-east-1a; checks that could not be made: offering, catalogue, quota/,
    );
  });

  it("prints each violated requirement once and without a stack trace, and registers nothing", () => {
    const { status, text } = withSection("strategy", { tensorParallel: 1, dataParallel: 8 }, () =>
      pulumi(["preview", "--stack", "prod"]),
    );
    assert.notEqual(status, 0);
    // 70.6 billion parameters of 2 bytes
    assert.equal(
      text.match(/weights-fit: Each GPU would have to hold 131\.42 GiB of weights/g)?.length,
      1,
      text,
    );
    assert.ok(!/^\s+at /m.test(text), text);
    assert.ok(!/\+ +(aws|command|shardplan):/.test(text), text);
  });

  it("names a mistyped key, what is near it, and nothing else", () => {
    const { status, text } = withSection("hardware", { instanceTyp: "p5.48xlarge" }, () =>
      pulumi(["preview", "--stack", "prod"]),
    );
    assert.notEqual(status, 0);
    assert.match(text, /hardware\.instanceTyp.*instanceType/);
    assert.ok(!/^\s+at /m.test(text), text);
  });

  it("stores a secret the way the README keeps the state on this machine", () => {
    const readme = readFileSync(join(CHECKOUT, "README.md"), "utf8");
    const [, passphrase = ""] = /`pulumi login --local`[\s\S]*?```bash\n([\s\S]*?)```/.exec(readme) ?? [];
    const script = [
      "set -euo pipefail",
      passphrase,
      // What `--local` stands for, but in a home of its own: that of the user is not for tests.
      `pulumi login 'file://${join(engine.folder, "own-home")}'`,
      "pulumi stack select --create prod",
      "pulumi config set --secret shardplan:huggingFaceToken hf_example",
      "pulumi config get shardplan:huggingFaceToken",
    ].join("\n");
    const { PULUMI_CONFIG_PASSPHRASE: _, PULUMI_BACKEND_URL: __, ...environment } = engine.environment;
    const copy = join(engine.folder, "local");
    mkdirSync(copy);
    mkdirSync(join(engine.folder, "own-home"));
    for (const file of ["Pulumi.yaml", "Pulumi.prod.yaml"]) cpSync(join(CHECKOUT, file), join(copy, file));
    const { status, stdout, stderr } = spawnSync("bash", ["-c", script], {
      cwd: copy,
      env: {
        ...environment,
        HOME: join(engine.folder, "own-home"),
        PATH: `${dirname(engine.command.command)}:${process.env.PATH}`,
        PULUMI_HOME: join(engine.folder, "own-home", ".pulumi"),
      },
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^hf_example$/m);
  });

  it("says how to make a key when there is none", () => {
    pulumi(["config", "rm", "shardplan:sshPrivateKey"]);
    const { status, text } = pulumi(["preview", "--stack", "prod"]);
    assert.notEqual(status, 0);
    assert.match(text, /shardplan:sshPrivateKey: is not set; make a key .*ssh-keygen/);
    assert.ok(!/^\s+at /m.test(text), text);
  });
});
