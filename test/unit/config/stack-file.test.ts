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

  it("without a config section is all defaults", () => {
    assert.deepEqual(readStackFile(write("")), readStackFile(write("config: {}\n")));
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
        "Pulumi.test.yaml: shardplan:cost: holds an encrypted value, which only the engine can read; only sshPrivateKey, huggingFaceToken, apiKey may be secret",
        'Pulumi.test.yaml: slo.decode.p99Ms: must be a number > 0; given "no"',
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
      ["Pulumi.test.yaml: config: must be a map of shardplan:<section>"],
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
