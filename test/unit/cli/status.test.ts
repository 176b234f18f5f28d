import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { statusCommand } from "../../../lib/cli/commands/status";
import { instantQuery } from "../../../lib/cli/status/prometheus";
import { readStackStatus } from "../../../lib/cli/status/stack-status";
import { statusPage } from "../../../lib/cli/status/status-page";
import { UserError } from "../../../lib/config";
import { DASHBOARDS, dashboard, keepsTarget, rulesFile } from "../../../lib/serving";
import { planOf } from "../serving/plan-fixture";

/** What vLLM of the stack, and of another, say for ten minutes: requests that end, tokens, gaps of at most 25 ms, a full cache. */
function samples(nowSeconds: number): string {
  const series = [
    { name: "vllm:num_requests_running", labels: "", at: () => 5 },
    { name: "vllm:num_requests_waiting", labels: "", at: () => 0 },
    { name: "vllm:kv_cache_usage_perc", labels: "", at: () => 0.95 },
    { name: "vllm:request_success_total", labels: ',finished_reason="stop"', at: (s: number) => 4 * s },
    { name: "vllm:generation_tokens_total", labels: "", at: (s: number) => 800 * s },
    { name: "vllm:prompt_tokens_total", labels: "", at: (s: number) => 4000 * s },
    ...(
      ["vllm:inter_token_latency", "vllm:time_to_first_token", "vllm:request_prefill_time"] as const
    ).flatMap((name) =>
      ["0.01", "0.025", "+Inf"].map((le) => ({
        name: `${name}_seconds_bucket`,
        labels: `,le="${le}"`,
        at: (s: number) => (le === "0.01" ? 0 : 800 * s),
      })),
    ),
    ...Object.entries({
      DCGM_FI_DEV_FB_USED: 60_000,
      DCGM_FI_DEV_FB_FREE: 20_000,
      DCGM_FI_DEV_XID_ERRORS: 0,
      DCGM_FI_DEV_GPU_TEMP: 60,
      DCGM_FI_DEV_POWER_USAGE: 500,
      DCGM_FI_PROF_NVLINK_TX_BYTES: 1e9,
    }).map(([name, value]) => ({ name, labels: ',gpu="0"', at: () => value })),
    { name: "node_boot_time_seconds", labels: "", at: () => nowSeconds - 7200 },
  ];
  const lines = series.flatMap(({ name, labels, at }) =>
    ["here", "there"].flatMap((stack) =>
      Array.from({ length: 41 }, (_, step) => {
        const value = at(15 * step) * (stack === "here" || /perc|boot/.test(name) ? 1 : 7);
        const time = nowSeconds - 600 + 15 * step;
        return `${name}{job="vllm",instance="a",stack="${stack}"${labels}} ${value} ${time}`;
      }),
    ),
  );
  return `${lines.join("\n")}\n# EOF\n`;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const socket = createSocket().listen(0, "127.0.0.1", () => {
      const { port } = socket.address() as AddressInfo;
      socket.close(() => resolve(port));
    });
  });

describe("the status of a stack", function () {
  this.timeout(120_000);
  let folder = "";
  let url = "";
  let prometheus: ChildProcess | undefined;

  before(async function () {
    // Continuous integration installs it, so there its lack is a failure.
    if (process.env.CI === undefined && spawnSync("prometheus", ["--version"]).error) this.skip();
    folder = mkdtempSync(join(tmpdir(), "shardplan-status-"));
    writeFileSync(join(folder, "samples"), samples(Math.floor(Date.now() / 1000)));
    const made = spawnSync("promtool", ["tsdb", "create-blocks-from", "openmetrics", "samples", "data"], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(made.status, 0, `${made.stdout}${made.stderr}`);
    // Soon, and no alert waits: the test does not.
    const rules = rulesFile(planOf(), "here").replaceAll(/interval: \d+s/g, "interval: 1s");
    writeFileSync(join(folder, "rules.yml"), rules.replaceAll(/for: \d+m/g, "for: 0s"));
    writeFileSync(join(folder, "prometheus.yml"), "rule_files: [rules.yml]\n");
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const options = ["--config.file=prometheus.yml", "--storage.tsdb.path=data"];
    prometheus = spawn("prometheus", [...options, `--web.listen-address=127.0.0.1:${port}`], {
      cwd: folder,
      stdio: "ignore",
    });
    const isRecorded = async () => {
      const status = await readStackStatus(url, "here").catch(() => undefined);
      return status !== undefined && status.alerts.length > 0;
    };
    for (let second = 0; second < 60 && !(await isRecorded()); second++) await setTimeout(1000);
  });
  after(() => {
    prometheus?.kill("SIGKILL");
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  it("is what the rules make of the stack's own samples", async () => {
    const status = await readStackStatus(url, "here");
    const near = (found: number | null, wanted: number) =>
      assert.ok(found !== null && Math.abs(found - wanted) < 0.02 * wanted, `${found}, not ${wanted}`);
    assert.equal(status.requests.running, 5);
    near(status.requests.perSecond, 4);
    near(status.tokensPerSecondPerGpu.measured, 100);
    assert.equal(status.kvCacheUsage, 0.95);
    const [decode] = status.latencies;
    near(decode?.measuredSeconds ?? null, 0.01 + 0.99 * 0.015);
    assert.equal(decode?.targetSeconds, 0.1);
    near(status.usdSinceBoot, 2 * (status.usdPerHour ?? 0));
    assert.ok(
      status.alerts.some(({ alert, severity }) => alert === "ShardplanKvCacheFull" && severity === "warning"),
      JSON.stringify(status.alerts),
    );
  });

  it("is a page that says whether the promise is kept, and what fires", async () => {
    const page = statusPage(await readStackStatus(url, "here"));
    assert.match(page, /^decode p99, ms +24\.[89] +100 .* kept$/m);
    assert.match(page, /^NVLink in use, % +0\.222/m);
    assert.match(page, /^ShardplanKvCacheFull +warning/m);
  });

  it("gives every query of the dashboards its data", async () => {
    const plan = planOf();
    for (const name of DASHBOARDS) {
      const { panels }: { panels: { title: string; targets: { expr: string }[] }[] } = JSON.parse(
        dashboard(plan, "here", name),
      );
      assert.ok(panels.length >= 4, `${name} has ${panels.length} graphs`);
      for (const { title, targets } of panels)
        for (const { expr } of targets)
          assert.ok((await instantQuery(url, expr)).length > 0, `${name}, ${title}: ${expr}`);
    }
  });

  it("says in one line that Prometheus knows nothing of a stack", async () => {
    await assert.rejects(
      readStackStatus(url, "nowhere"),
      (error: UserError) =>
        error instanceof UserError && /knows nothing of the stack nowhere; load the file/.test(error.line),
    );
  });

  it("says in one line that nobody answers, or somebody else", async () => {
    const port = await freePort();
    await assert.rejects(
      readStackStatus(`http://127.0.0.1:${port}`, "here"),
      (error: UserError) => error instanceof UserError && /no answer .*ECONNREFUSED/.test(error.line),
    );
    const other = createServer((_, response) => response.end('{"hello": 1}')).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port: taken } = other.address() as AddressInfo;
    await assert.rejects(
      readStackStatus(`http://127.0.0.1:${taken}`, "here"),
      (error: UserError) => error instanceof UserError && /not as Prometheus does/.test(error.line),
    );
    other.close();
  });
});

/** One who answers as told, and where. */
async function whoAnswers(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    at: (user = "", path = "") => `http://${user}127.0.0.1:${port}${path}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const vector = (result: readonly object[]) => JSON.stringify({ status: "success", data: { result } });
const one = (name: string, value: string) => ({
  metric: { __name__: `shardplan:${name}` },
  value: [1, value],
});

describe("a Prometheus that is asked", () => {
  const refused = async (status: number, body: string, wanted: RegExp) => {
    const { at, close } = await whoAnswers((_, response) => response.writeHead(status).end(body));
    try {
      await assert.rejects(
        instantQuery(at("me:canary@"), "up"),
        ({ line }: UserError) => wanted.test(line) && !/canary|\n/.test(line),
      );
    } finally {
      close();
    }
  };

  it("is told from a page, a refusal and a fault, in one line without a password", async () => {
    await refused(200, "<html>hello</html>", /answers, but not as Prometheus does/);
    await refused(401, "<html>who?</html>", /answers 401: it wants a user/);
    await refused(403, "", /answers 403: it wants a user/);
    await refused(502, "<html>bad gateway</html>", /answers 502, not as Prometheus does/);
    for (const url of ["127.0.0.1:9090", "localhost:9090", "prometheus", "http://", "ftp://h"])
      await assert.rejects(instantQuery(url, "up"), /is no URL with http or https/);
  });

  it("may be below a path, with or without a slash at its end, and want a user", async () => {
    const asked: (string | undefined)[] = [];
    const { at, close } = await whoAnswers(({ url = "", headers }, response) => {
      asked.push(`${url.split("?")[0]} ${headers.authorization}`);
      response.end(vector([]));
    });
    await instantQuery(at("", "/"), "up");
    await instantQuery(at("me:p%40ss@", "/prometheus/"), "up");
    close();
    assert.deepEqual(asked, [
      "/api/v1/query undefined",
      `/prometheus/api/v1/query Basic ${Buffer.from("me:p@ss").toString("base64")}`,
    ]);
  });

  it("may miss an answer while somebody looks on", async () => {
    let questions = 0;
    const { at, close } = await whoAnswers((_, response) => {
      questions++;
      // Two questions make a page.
      if (questions === 3) response.writeHead(500);
      response.end(vector([one("request_rate", "4")]));
    });
    const said: string[] = [];
    const enough = new Error("enough");
    const io = {
      out: (text: string) => {
        said.push(text);
        if (said.length === 3) throw enough;
      },
      talk: () => {},
      color: false,
      columns: 80,
    };
    const options = { stack: "here", prometheus: at(), every: "0.01" };
    await assert.rejects(
      async () => statusCommand.run({ arguments: [], options } as never, io as never),
      (error) => error === enough,
    );
    close();
    assert.match(said[0] ?? "", /^requests\/s +4/m);
    assert.match(said[1] ?? "", /answers 500/);
    assert.match(said[2] ?? "", /^requests\/s +4/m);
  });
});

describe("a promise", () => {
  it("is kept or missed where a histogram can tell, and else neither", () => {
    assert.equal(keepsTarget("decode", 100, 0.1), true);
    assert.equal(keepsTarget("decode", 100, 0.11), false);
    // All prefills below 300 ms are one bucket, of which the quantile is 297 ms.
    assert.equal(keepsTarget("prefill", 150, 0.297), undefined);
    assert.equal(keepsTarget("prefill", 150, 0.31), false);
    assert.equal(keepsTarget("decode", 110, 0.09), true);
    assert.equal(keepsTarget("decode", 110, 0.105), undefined);
  });
});
