import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { deploymentFromPulumi, readStackFile, stackFile, stackNames } from "../../../lib/config";
import { problemLines } from "./problem-lines";

const ROOT = join(__dirname, "../../..");

describe("a stack file", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "shardplan-config-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (text: string, name = "Pulumi.test.yaml") => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it("gives the same deployment as Pulumi's configuration, for every stack of the repository", () => {
    for (const stack of stackNames(ROOT)) {
      const path = stackFile(stack, ROOT);
      const { config } = parse(readFileSync(path, "utf8")) as { config: Record<string, unknown> };
      // The engine hands every object on as JSON text (config.get) or parsed (config.getObject).
      const asText = (section: string) => {
        const value = config[`shardplan:${section}`];
        return typeof value === "object" ? JSON.stringify(value) : value;
      };
      const options = { keys: Object.keys(config), folder: ROOT };
      const expected = readStackFile(path);
      assert.deepEqual(deploymentFromPulumi(asText, options), expected, stack);
      assert.deepEqual(
        deploymentFromPulumi((section) => config[`shardplan:${section}`], options),
        expected,
        stack,
      );
    }
  });

  it("leaves other namespaces, the program's secrets and Pulumi's own keys alone", () => {
    const path = write(`
encryptionsalt: v1:abc
config:
  aws:region: eu-west-1
  shardplan:sshPrivateKey: { secure: AAAA }
  shardplan:huggingFaceToken: { secure: AAAA }
  shardplan:apiKey: { secure: AAAA }
  shardplan:workload: { requestRate: 3 }
`);
    assert.equal(readStackFile(path).workload.requestRate, 3);
  });

  it("reads a section given as JSON text, and Pulumi's older key form", () => {
    const path = write(`
config:
  shardplan:config:workload: '{"requestRate": 3}'
  shardplan:slo: '{"decode": {"p99Ms": 80}}'
`);
    const { workload, slo } = readStackFile(path);
    assert.deepEqual([workload.requestRate, slo.decode.p99Ms], [3, 80]);
  });

  for (const [what, text, line] of [
    ["nothing", "", /: is empty; `npx shardplan config example` prints/],
    ["a comment", "# later\n", /: is empty; /],
    ["words", "hello world\n", /: is no stack file: it holds the text "hello world"; /],
    [
      "bytes",
      "\u0001\u0002\ufffd\u0003PNG",
      /: is no stack file: it holds the text "\?PNG"; |: not valid YAML: /,
    ],
    ["a list", "- config\n", /: is no stack file: it holds a list; /],
    ["a misspelt config", "cofnig:\n  shardplan:slo: {}\n", /: unknown key cofnig; did you mean config\?/],
    ["other keys", "encryptionsalt: v1:abc\n", /: has no key config, only encryptionsalt; /],
    ["an empty config", "config:\n", /: config: must be a map of shardplan:<section>; given nothing/],
    ["a text as config", "config: prod\n", /: config: must be a map .* given the text "prod"/],
    ["no section", "config: {}\n", /: config: sets no section .* nothing to plan/],
    ["other programs' keys", "config: { 'aws:region': eu-west-1 }\n", /: config: sets no section /],
  ] as const) {
    it(`that holds ${what} is no question, and nothing is proven of it`, () => {
      const lines = problemLines(() => readStackFile(write(text)));
      assert.equal(lines.length, 1, lines.join("\n"));
      assert.match(lines[0] ?? "", line);
    });
  }

  it("without a section is refused by the engine's reader as well", () => {
    for (const keys of [[], ["aws:region"], ["shardplan:apiKey"]])
      assert.match(
        problemLines(() => deploymentFromPulumi(() => undefined, { keys }))[0] ?? "",
        /^stack configuration: sets no section /,
      );
  });

  it("may hold several keys of clients by name, each of them encrypted", () => {
    const secret = "{ secure: AAAA }";
    const read = (keys: string) =>
      problemLines(() =>
        readStackFile(write(`config:\n  shardplan:slo: {}\n  shardplan:apiKeys: ${keys}\n`)),
      );
    assert.deepEqual(read(`{ alice: ${secret}, bob: ${secret} }`), []);
    for (const plain of [`{ alice: ${secret}, bob: sk-plain }`, "{}"])
      assert.match(read(plain)[0] ?? "", /shardplan:apiKeys: is plain text/, plain);
  });

  it("with a secret in plain text is refused, in the file and by the engine's reader", () => {
    for (const name of ["sshPrivateKey", "huggingFaceToken", "apiKey", "apiKeys"]) {
      const key = `shardplan:${name}`;
      const path = write(`config:\n  shardplan:slo: {}\n  ${key}: hunter2\n`);
      const line = new RegExp(`: ${key}: is plain text in the stack file.* --secret ${key}`);
      const [inFile, ...others] = problemLines(() => readStackFile(path));
      assert.match(inFile ?? "", line);
      assert.ok(!(inFile ?? "").includes("hunter2"), "the secret itself is not repeated");
      assert.deepEqual(others, []);
      const keys = ["shardplan:slo", key];
      const inEngine = problemLines(() => deploymentFromPulumi(() => undefined, { keys, secretKeys: [] }));
      assert.match(inEngine[0] ?? "", line);
      const encrypted = deploymentFromPulumi(() => undefined, { keys, secretKeys: [key] });
      assert.ok(encrypted.slo, "an encrypted one is taken");
    }
  });

  it("takes a relative model.configPath from its own folder", () => {
    const path = write("config:\n  shardplan:model: { name: mine, configPath: models/config.json }\n");
    assert.equal(readStackFile(path).model.configPath, join(folder, "models/config.json"));
    const absolute = readStackFile(path, ["model.configPath=/models/config.json"]);
    assert.equal(absolute.model.configPath, "/models/config.json");
  });

  it("says what is wrong with its keys, together with what is wrong in the sections", () => {
    const path = write(`
config:
  shardplan:modle: { name: x }
  shardplan:slo.decode.p99Ms: 80
  workload: { requestRate: 3 }
  shardplan:cost: { maxUsdPerHour: { secure: AAAA } }
  shardplan:slo: { decode: { p99Ms: no } }
`);
    assert.deepEqual(
      problemLines(() => readStackFile(path)),
      [
        "Pulumi.test.yaml: shardplan:modle: unknown key; did you mean shardplan:model?",
        "Pulumi.test.yaml: shardplan:slo.decode.p99Ms: unknown key; nest it, or set it with `pulumi config set --path 'shardplan:slo.decode.p99Ms' VALUE`",
        "Pulumi.test.yaml: workload: unknown key; keys of this program start with shardplan:",
        "Pulumi.test.yaml: shardplan:cost: holds an encrypted value, which only the engine can read; only sshPrivateKey, huggingFaceToken, apiKey, apiKeys, certificate, certificateKey, alertWebhook, alertMailPassword may be secret",
        'Pulumi.test.yaml: slo.decode.p99Ms: must be a number from 0.01 to 86400000; given "no"',
      ],
    );
  });

  it("refuses mistyped sections in Pulumi's configuration as well", () => {
    const keys = ["shardplan:modle", "aws:region", "shardplan:apiKey", "shardplan:slo"];
    assert.deepEqual(
      problemLines(() => deploymentFromPulumi(() => undefined, { keys })),
      ["stack configuration: shardplan:modle: unknown key; did you mean shardplan:model?"],
    );
  });

  it("that is not YAML is refused with the line", () => {
    const path = write("config:\n  shardplan:slo: { decode: \n");
    const [line] = problemLines(() => readStackFile(path));
    assert.match(line ?? "", /^Pulumi\.test\.yaml:\d+: not valid YAML: /);
    assert.deepEqual(
      problemLines(() => readStackFile(write("config: [1]\n"))),
      ["Pulumi.test.yaml: config: must be a map of shardplan:<section>; given a list"],
    );
  });

  it("may share values with anchors and merge keys, and an anchor that is none is refused", () => {
    const shared =
      "config:\n  shardplan:slo:\n    prefill: &both { p50Ms: 10, p99Ms: 20 }\n    decode: { <<: *both, p99Ms: 30 }\n";
    assert.deepEqual(readStackFile(write(shared)).slo.decode, { p50Ms: 10, p99Ms: 30 });
    const [line] = problemLines(() => readStackFile(write("config:\n  shardplan:slo: *none\n")));
    assert.match(line ?? "", /^Pulumi\.test\.yaml.*: not valid YAML: .*none/);
  });

  it("that is not there is refused with the stacks that are", () => {
    write("", "Pulumi.a.yaml");
    write("", "Pulumi.b.yaml");
    assert.deepEqual(
      problemLines(() => stackFile("prod", folder)),
      ["Pulumi.prod.yaml: no such file; stacks here: a, b; choose one with --stack"],
    );
    assert.deepEqual(
      problemLines(() => readStackFile(join(folder, "x.yaml"))),
      [`${join(folder, "x.yaml")}: no such file`],
    );
  });
});
