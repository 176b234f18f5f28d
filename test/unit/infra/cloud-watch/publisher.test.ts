import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cloudWatchMetrics, publisherJob, rulesFile } from "../../../../lib/serving";
import { planOf } from "../../serving/plan-fixture";
import { listen, metadataService, motoEnvironment, runIn, startProcess } from "./moto";

/** That of the unit: another may put its own AWS tool in front of the one that is watched here. */
const PYTHON = "/usr/bin/python3";
const PROGRAM = join(__dirname, "../../../../infra/programs/publish_metrics.py");
const NAMESPACE = "shardplan/shardplan-here";
const REGION = "eu-west-1";
const SECRET = "canary-of-the-role";

/** A server of vLLM that serves: counters grow by the second. First tokens and prefills it has not seen yet. */
function vllmMetrics(): Server {
  const start = Date.now() - 10_000;
  return createServer((_, response) => {
    const seconds = (Date.now() - start) / 1000;
    const lines = {
      "vllm:kv_cache_usage_perc": 0.5,
      "vllm:num_requests_waiting": 3,
      "vllm:num_requests_running": 2,
      "vllm:generation_tokens_total": 800 * seconds,
      'vllm:request_success_total{finished_reason="stop"}': 4 * seconds,
      'vllm:inter_token_latency_seconds_bucket{le="0.01"}': 0,
      'vllm:inter_token_latency_seconds_bucket{le="0.025"}': 100 * seconds,
      'vllm:inter_token_latency_seconds_bucket{le="+Inf"}': 100 * seconds,
    };
    response.end(
      `${Object.entries(lines)
        .map(([name, value]) => `${name} ${value}\n`)
        .join("")}`,
    );
  });
}

/** The publisher as it is, a real Prometheus with the plan's rules, the real AWS tool, and moto for CloudWatch. */
describe("what is put into CloudWatch", function () {
  this.timeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), "shardplan-cloud-watch-"));
  const children: ChildProcess[] = [];
  const vllm = vllmMetrics();
  const metadata = metadataService(SECRET);
  let environment: NodeJS.ProcessEnv;
  let prometheus: ChildProcess;
  let moto: ChildProcess;
  let url: string;

  before(async function () {
    if (process.env.CI === undefined && spawnSync("prometheus", ["--version"]).error) this.skip();
    const venv = await motoEnvironment();
    const server = await startProcess(
      [join(venv, "bin/python"), "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
      /Running on (http:\/\/127\.0\.0\.1:\d+)/,
    );
    moto = server.child;
    const target = `127.0.0.1:${await listen(vllm)}`;
    writeFileSync(
      join(folder, "rules.yml"),
      rulesFile(planOf(), "here").replaceAll(/interval: \d+s/g, "interval: 1s"),
    );
    writeFileSync(
      join(folder, "prometheus.yml"),
      JSON.stringify({
        global: { scrape_interval: "1s", evaluation_interval: "1s" },
        rule_files: ["rules.yml"],
        scrape_configs: [
          { job_name: "vllm", static_configs: [{ targets: [target], labels: { stack: "here" } }] },
        ],
      }),
    );
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const started = await startProcess(
      [
        ...["prometheus", `--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`],
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      /Server is ready to receive web requests/,
    );
    prometheus = started.child;
    children.push(moto, prometheus);
    const job = publisherJob({ stack: "here", namespace: NAMESPACE, region: REGION });
    writeFileSync(
      join(folder, "metrics.json"),
      job.replace(/"prometheus": "[^"]+"/, `"prometheus": "${url}"`),
    );
    // The tool, and what it was given.
    writeFileSync(
      join(folder, "aws"),
      `#!/bin/sh\nprintf '%s\\n' "$*" >>${folder}/arguments\nenv >>${folder}/arguments\nexec ${venv}/bin/python -m awscli "$@"\n`,
      { mode: 0o755 },
    );
    environment = {
      PATH: `${folder}:${process.env.PATH}`,
      AWS_EC2_METADATA_V1_DISABLED: "true",
      AWS_MAX_ATTEMPTS: "1",
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${await listen(metadata.server)}`,
      AWS_ENDPOINT_URL_CLOUDWATCH: server.said[1],
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    };
    await until(async () => (await ask("shardplan:output_tokens_per_second_per_gpu > 0")) !== undefined);
  });

  after(() => {
    for (const child of children) child.kill("SIGKILL");
    for (const server of [vllm, metadata.server]) {
      server.close();
      server.closeAllConnections();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** Value of a query in the real Prometheus. */
  async function ask(query: string): Promise<number | undefined> {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    const text = data.result[0]?.value[1];
    return text === undefined ? undefined : Number(text);
  }

  const publish = () => runIn(environment, PYTHON, [PROGRAM, join(folder, "metrics.json")]);

  /** What CloudWatch says. */
  async function cloudWatch<Answer>(...args: readonly string[]): Promise<Answer> {
    const { status, output } = await runIn(environment, join(folder, "aws"), [
      ...["cloudwatch", ...args, "--region", REGION, "--namespace", NAMESPACE, "--output", "json"],
    ]);
    assert.equal(status, 0, output);
    return JSON.parse(output) as Answer;
  }

  async function statistics(metric: string) {
    const { Datapoints } = await cloudWatch<{
      Datapoints: { Minimum: number; Maximum: number; Unit: string }[];
    }>(
      ...[
        "get-metric-statistics",
        "--metric-name",
        metric,
        "--period",
        "3600",
        "--statistics",
        "Minimum",
        "Maximum",
      ],
      ...["--start-time", new Date(Date.now() - 3_600_000).toISOString()],
      ...["--end-time", new Date(Date.now() + 60_000).toISOString()],
    );
    assert.equal(Datapoints.length, 1, metric);
    return Datapoints[0];
  }

  it("is each figure that Prometheus knows at present, in its unit, by the role of the machine alone", async () => {
    const { status, output } = await publish();
    assert.deepEqual({ status, output }, { status: 0, output: "" });
    const { Metrics } = await cloudWatch<{ Metrics: { MetricName: string; Dimensions: unknown[] }[] }>(
      "list-metrics",
    );
    const unknown = ["FirstTokenP99", "PrefillP99"];
    const known = cloudWatchMetrics("here")
      .map(({ name }) => name)
      .filter((name) => !unknown.includes(name));
    assert.deepEqual(Metrics.map(({ MetricName }) => MetricName).sort(), known.sort());
    const cache = await statistics("KvCacheUsage");
    assert.deepEqual([cache?.Maximum, cache?.Unit], [50, "Percent"]);
    const decode = await statistics("DecodeP99");
    assert.equal(decode?.Unit, "Milliseconds");
    assert.ok(decode !== undefined && decode.Maximum > 10 && decode.Maximum <= 25, JSON.stringify(decode));
    const tokens = await statistics("OutputTokensPerSecondPerGpu");
    assert.ok(tokens !== undefined && tokens.Maximum > 0, JSON.stringify(tokens));
    assert.equal((await statistics("EngineUp"))?.Minimum, 1);
    // The credentials came from the machine, to whoever asked by IMDSv2, and stand nowhere.
    assert.equal(metadata.refused(), 0);
    assert.doesNotMatch(readFileSync(join(folder, "arguments"), "utf8"), /canary/);
  });

  it("is that a server is away, from the minute on in which it is", async () => {
    vllm.close();
    vllm.closeAllConnections();
    await until(async () => (await ask('min(up{job="vllm"})')) === 0);
    assert.equal((await publish()).status, 0);
    assert.equal((await statistics("EngineUp"))?.Minimum, 0);
  });

  it("fails with one line where CloudWatch is not reached, or takes nothing", async () => {
    const away = { ...environment, AWS_ENDPOINT_URL_CLOUDWATCH: "http://127.0.0.1:1" };
    const { status, output } = await runIn(away, PYTHON, [PROGRAM, join(folder, "metrics.json")]);
    assert.equal(status, 1);
    assert.match(output, /^CloudWatch took no metrics: .*Could not connect to the endpoint URL.*\n$/);
    const roleless = { ...environment, AWS_EC2_METADATA_DISABLED: "true" };
    const refused = await runIn(roleless, PYTHON, [PROGRAM, join(folder, "metrics.json")]);
    assert.match(refused.output, /^CloudWatch took no metrics: .*[Uu]nable to locate credentials.*\n$/);
  });

  it("is nothing where Prometheus is away: silence is the alarm", async () => {
    const before = readFileSync(join(folder, "arguments"), "utf8");
    prometheus.kill("SIGKILL");
    const { status, output } = await publish();
    assert.equal(status, 1);
    assert.match(output, /^Prometheus at http:\/\/127\.0\.0\.1:\d+ gives no answer: .*\n$/);
    assert.equal(readFileSync(join(folder, "arguments"), "utf8"), before);
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error("it has not come to that in a minute");
    await sleep(200);
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
