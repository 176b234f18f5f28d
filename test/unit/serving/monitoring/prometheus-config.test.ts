import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { type DeploymentInput, parseDeployment } from "../../../../lib/config";
import { prometheusConfig, rulesFile } from "../../../../lib/serving";
import { planOf } from "../plan-fixture";

interface Config {
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly static_configs: readonly { targets: string[]; labels: Record<string, string> }[];
  }[];
}

describe("the configuration of Prometheus", function () {
  this.timeout(60_000);
  const two = planOf({ hardware: { nodes: 2 }, strategy: { dataParallel: 2 } });
  const hosts = [
    { name: "one", address: "10.0.0.1" },
    { name: "two", address: "fd00::2" },
  ];
  const text = prometheusConfig(two, { stack: "here", hosts, rules: "rules.yml" });
  const config: Config = parse(text);
  const targets = (job: string) =>
    config.scrape_configs
      .filter(({ job_name }) => job_name === job)
      .flatMap(({ static_configs }) => static_configs.flatMap((one) => one.targets));

  it("is what Prometheus loads, rules included", function () {
    if (process.env.CI === undefined && spawnSync("promtool", ["--version"]).error) this.skip();
    assertLoads(text);
  });

  it("reads each server where it listens, and the exporters of every host", () => {
    assert.deepEqual(targets("vllm"), ["127.0.0.1:8000", "[fd00::2]:8000"]);
    assert.deepEqual(targets("gateway"), ["127.0.0.1:7996"]);
    // Each replica has a Ray of its own.
    assert.deepEqual(targets("ray"), ["10.0.0.1:7980", "[fd00::2]:7980"]);
    assert.deepEqual(targets("node"), ["127.0.0.1:9100", "[fd00::2]:9100"]);
    assert.deepEqual(targets("dcgm"), ["127.0.0.1:9400", "[fd00::2]:9400"]);
  });

  it("marks every target with the stack, and calls it by its host", () => {
    for (const { static_configs } of config.scrape_configs)
      for (const { labels } of static_configs) {
        assert.equal(labels.stack, "here");
        assert.match(labels.instance ?? "", /^(one|two)(:8000|:7980)?$/);
      }
  });

  it("asks each server on a host for its own Ray, and none without Ray", () => {
    const rays = (changes: DeploymentInput) => {
      const one: Config = parse(
        prometheusConfig(planOf(changes), { stack: "here", hosts, rules: "rules.yml" }),
      );
      const jobs = one.scrape_configs.filter(({ job_name }) => job_name === "ray");
      return jobs.flatMap(({ static_configs }) => static_configs.flatMap(({ targets }) => targets));
    };
    assert.deepEqual(rays({ strategy: { tensorParallel: 4, dataParallel: 2 } }), [
      "10.0.0.1:7980",
      "10.0.0.1:7981",
    ]);
    assert.deepEqual(rays({ serving: { executor: "mp" } }), []);
  });

  it("sends all that it reads on where the stack says so", function () {
    if (process.env.CI === undefined && spawnSync("promtool", ["--version"]).error) this.skip();
    const url = "https://metrics.example.com/api/v1/write";
    const sent = prometheusConfig(planOf({ monitoring: { remoteWriteUrl: url } }), {
      stack: "here",
      hosts,
      rules: "rules.yml",
    });
    assert.deepEqual(parse(sent).remote_write, [{ url }]);
    assertLoads(sent);
  });

  it("takes no URL that is none, or has a password in it", () => {
    for (const remoteWriteUrl of ["metrics.example.com", "https://user:secret@metrics.example.com/write"])
      assert.throws(
        () => parseDeployment({ monitoring: { remoteWriteUrl } }),
        /monitoring\.remoteWriteUrl.*an http or https URL without a user/,
      );
  });

  it("asks no GPU of machines without one", () => {
    const plan = planOf();
    const without = prometheusConfig(
      { ...plan, gpu: { ...plan.gpu, kind: "cpu" } },
      { stack: "here", hosts, rules: "rules.yml" },
    );
    assert.ok(!without.includes("dcgm"), without);
  });
});

/** Asserts that Prometheus loads a configuration, with the rules that it names. */
function assertLoads(config: string): void {
  const folder = mkdtempSync(join(tmpdir(), "shardplan-prometheus-"));
  try {
    writeFileSync(join(folder, "prometheus.yml"), config);
    writeFileSync(join(folder, "rules.yml"), rulesFile(planOf(), "here"));
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "config", "prometheus.yml"], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(status, 0, `${stdout}${stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
