import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { readStackFile } from "../../../../lib/config";
import { monitoringThresholds, rulesFile, type Thresholds } from "../../../../lib/serving";
import { type Plan, plan } from "../../../../lib/strategy";
import { planOf } from "../plan-fixture";

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

/** Series by their name with labels, as promtool counts them up, one sample a minute. */
type Series = Readonly<Record<string, string>>;

// A window that is longer than the series is judged by what there is of it.
const MINUTES = 90;
/** A counter that grows by `perMinute`. */
const grows = (perMinute: number) => `0+${perMinute}x${MINUTES}`;
const stays = (value: number) => `${value}x${MINUTES}`;

const BUCKETS = {
  "vllm:inter_token_latency_seconds": ["0.01", "0.025", "0.05", "0.075", "0.1", "0.15", "0.2", "80.0"],
  "vllm:time_to_first_token_seconds": ["0.001", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0", "2560.0"],
  "vllm:request_prefill_time_seconds": ["0.3", "0.5", "0.8", "1.0", "1.5", "2.0", "2.5", "7680.0"],
} as const;

/** A histogram all of whose observations lie in the first bucket, or all in the last. */
function histogram(name: keyof typeof BUCKETS, isSlow: boolean): Series {
  const bounds = BUCKETS[name];
  const count = (bound: string) => (isSlow && bound !== bounds.at(-1) ? 0 : 600);
  return Object.fromEntries([
    ...bounds.map((bound) => [`${name}_bucket{job="vllm",instance="a",le="${bound}"}`, grows(count(bound))]),
    [`${name}_bucket{job="vllm",instance="a",le="+Inf"}`, grows(600)],
    [`${name}_count{job="vllm",instance="a"}`, grows(600)],
  ]);
}

const VLLM = '{job="vllm",instance="a"}';
const GPU = '{gpu="0",instance="a"}';

/** A service that keeps its promise. */
const HEALTHY: Series = {
  [`up${VLLM}`]: stays(1),
  [`vllm:kv_cache_usage_perc${VLLM}`]: stays(0.4),
  [`vllm:num_requests_running${VLLM}`]: stays(5),
  [`vllm:num_requests_waiting${VLLM}`]: stays(0),
  [`vllm:generation_tokens_total${VLLM}`]: grows(60),
  'up{job="node",instance="a"}': stays(1),
  [`vllm:prompt_tokens_total${VLLM}`]: grows(60),
  [`vllm:num_preemptions_total${VLLM}`]: stays(0),
  'vllm:request_success_total{job="vllm",instance="a",finished_reason="stop"}': grows(0.001),
  'vllm:request_success_total{job="vllm",instance="a",finished_reason="error"}': stays(0),
  ...histogram("vllm:inter_token_latency_seconds", false),
  ...histogram("vllm:time_to_first_token_seconds", false),
  ...histogram("vllm:request_prefill_time_seconds", false),
  [`DCGM_FI_DEV_FB_USED${GPU}`]: stays(80),
  [`DCGM_FI_DEV_FB_FREE${GPU}`]: stays(20),
  [`DCGM_FI_DEV_FB_RESERVED${GPU}`]: stays(0),
  [`DCGM_FI_DEV_XID_ERRORS${GPU}`]: stays(0),
  [`DCGM_FI_PROF_NVLINK_TX_BYTES${GPU}`]: stays(1e9),
  [`DCGM_FI_PROF_NVLINK_RX_BYTES${GPU}`]: stays(1e9),
  [`DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL${GPU}`]: stays(0),
  'node_filesystem_avail_bytes{mountpoint="/",fstype="ext4",instance="a"}': stays(1e12),
};

/** Requests that end, `rate` a second, and their tokens. */
const traffic = (of: { rate: number; promptTokens: number; outputTokens: number }): Series => ({
  'vllm:request_success_total{job="vllm",instance="a",finished_reason="stop"}': grows(60 * of.rate),
  [`vllm:prompt_tokens_total${VLLM}`]: grows(60 * of.rate * of.promptTokens),
  [`vllm:generation_tokens_total${VLLM}`]: grows(60 * of.rate * of.outputTokens),
});

const slow = (name: keyof typeof BUCKETS): Series => histogram(name, true);

/** What goes wrong, and the alerts that say so: these and no others. */
function cases({
  sustainableRequestRate = 1,
  promptTokens,
  outputTokens,
  decode: { targetMs, bandHighMs = targetMs },
}: Thresholds) {
  const late = (name: string) => [
    `Shardplan${name}P99AboveTarget`,
    `Shardplan${name}P99BeyondBand`,
    ...["1h", "6h", "12h"].map((long) => `Shardplan${name}BudgetBurns${long}`),
  ];
  const of = (change: Series, ...alerts: readonly string[]) => ({ change, alerts });
  return [
    of({ [`up${VLLM}`]: stays(0) }, "ShardplanEngineDown"),
    of({ [`vllm:generation_tokens_total${VLLM}`]: stays(60) }, "ShardplanEngineWedged"),
    of(
      { 'vllm:request_success_total{job="vllm",instance="a",finished_reason="error"}': grows(0.001) },
      "ShardplanRequestErrors",
    ),
    of({ [`vllm:kv_cache_usage_perc${VLLM}`]: stays(0.99) }, "ShardplanKvCacheFull"),
    of({ [`vllm:num_preemptions_total${VLLM}`]: grows(1) }, "ShardplanPreemptions"),
    of({ [`vllm:num_requests_waiting${VLLM}`]: stays(3) }, "ShardplanThroughputLow"),
    of({ 'up{job="node",instance="a"}': stays(0) }, "ShardplanExporterDown"),
    of({ [`DCGM_FI_DEV_FB_USED${GPU}`]: "_" }, "ShardplanGpuMetricsMissing"),
    of(
      traffic({ rate: 1.1 * sustainableRequestRate, promptTokens: 1, outputTokens: 1 }),
      "ShardplanBeyondSustainableRate",
    ),
    // What ends levels off below the rate; the rest waits. No tokens are missed: they flow as planned.
    of(
      {
        ...traffic({ rate: 0.9 * sustainableRequestRate, promptTokens: 1, outputTokens: 1 }),
        [`vllm:generation_tokens_total${VLLM}`]: grows(1e9),
        [`vllm:num_requests_waiting${VLLM}`]: grows(60 * 0.2 * sustainableRequestRate),
      },
      "ShardplanBeyondSustainableRate",
      "ShardplanOutputsLonger",
    ),
    of(traffic({ rate: 0.9 * sustainableRequestRate, promptTokens: 1, outputTokens: 1 })),
    of(
      traffic({ rate: 0.9 * sustainableRequestRate, promptTokens: 1.1 * promptTokens, outputTokens: 1 }),
      "ShardplanPromptsLonger",
    ),
    of(
      traffic({ rate: 0.9 * sustainableRequestRate, promptTokens: 1, outputTokens: 1.1 * outputTokens }),
      "ShardplanOutputsLonger",
    ),
    of({ [`DCGM_FI_DEV_FB_USED${GPU}`]: stays(8000) }, "ShardplanGpuMemoryBeyondShare"),
    of({ [`DCGM_FI_DEV_XID_ERRORS${GPU}`]: stays(79) }, "ShardplanXid"),
    of({ [`DCGM_FI_PROF_NVLINK_RX_BYTES${GPU}`]: stays(8.9e11) }, "ShardplanNvlinkSaturated"),
    of({ [`DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL${GPU}`]: grows(1) }, "ShardplanNvlinkErrors"),
    of(slow("vllm:inter_token_latency_seconds"), ...late("Decode")),
    ...trend(bandHighMs),
    of(slow("vllm:time_to_first_token_seconds"), ...late("FirstToken")),
    of(slow("vllm:request_prefill_time_seconds"), ...late("Prefill")),
    of(
      {
        'node_filesystem_avail_bytes{mountpoint="/",fstype="ext4",instance="a"}': `1e12-11e9x${MINUTES}`,
      },
      "ShardplanDiskFills",
    ),
  ];
}

/** Gaps that were short for half an hour and are longer now, within the band; nothing where one bucket holds the band. */
function trend(bandHighMs: number) {
  const name = "vllm:inter_token_latency_seconds";
  const bounds = BUCKETS[name];
  const now = bounds.find((bound) => Number(bound) >= bandHighMs / 1000) ?? "80.0";
  if (now === bounds[0]) return [];
  const count = (bound: string) =>
    Number(bound) < Number(now) ? `0+600x30 18000x${MINUTES - 31}` : grows(600);
  const change: Series = Object.fromEntries([
    ...bounds.map((bound) => [`${name}_bucket{job="vllm",instance="a",le="${bound}"}`, count(bound)]),
    [`${name}_bucket{job="vllm",instance="a",le="+Inf"}`, grows(600)],
    [`${name}_count{job="vllm",instance="a"}`, grows(600)],
  ]);
  return [{ change, alerts: ["ShardplanDecodeSlows"] }];
}

const alertsOf = (subject: Plan): readonly AlertRule[] => {
  const file: { groups: { rules: (AlertRule | { record: string })[] }[] } = parse(rulesFile(subject));
  return file.groups.flatMap(({ rules }) => rules).filter((rule): rule is AlertRule => "alert" in rule);
};

describe("the rules for Prometheus", function () {
  this.timeout(180_000);
  let folder = "";
  before(function () {
    // Continuous integration installs it, so there its lack is a failure.
    if (process.env.CI === undefined && spawnSync("promtool", ["--version"]).error) this.skip();
    folder = mkdtempSync(join(tmpdir(), "shardplan-rules-"));
  });
  after(() => {
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  const stack = (name: string) => () => plan(readStackFile(`Pulumi.${name}.yaml`));
  const PLANS: Readonly<Record<string, () => Plan>> = {
    prod: stack("prod"),
    dev: stack("dev"),
    byo: stack("byo"),
    "two nodes": () => planOf({ hardware: { nodes: 2 }, strategy: { dataParallel: 2 } }),
  };

  for (const [name, make] of Object.entries(PLANS)) {
    describe(`of ${name}`, () => {
      let subject: Plan;
      before(() => {
        subject = make();
        writeFileSync(join(folder, "rules.yml"), rulesFile(subject));
      });

      const promtool = (...args: readonly string[]) => {
        const { status, stdout, stderr, error } = spawnSync("promtool", args, {
          cwd: folder,
          encoding: "utf8",
        });
        assert.equal(error, undefined, "promtool is in the package prometheus");
        assert.equal(status, 0, `${stdout}${stderr}`.slice(0, 3000));
      };

      it("are what Prometheus loads", () => {
        promtool("check", "rules", "rules.yml");
      });

      it("fire on their case and are silent on every other", () => {
        const alerts = alertsOf(subject);
        const known = new Map(alerts.map((rule) => [rule.alert, rule]));
        const seen = new Set<string>();
        const tests = [
          { change: {}, alerts: [] as readonly string[] },
          ...cases(monitoringThresholds(subject)),
        ].map(({ change, alerts: expected }) => {
          for (const alert of expected) seen.add(alert);
          return {
            interval: "1m",
            input_series: Object.entries({ ...HEALTHY, ...change }).map(([series, values]) => ({
              series,
              values,
            })),
            // Fires: through ALERTS, so that labels and texts need not be repeated. That a rule with its own
            // `for` became firing is told by alertstate.
            promql_expr_test: [
              {
                expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
                eval_time: `${MINUTES - 1}m`,
                exp_samples: expected
                  .filter((alert) => known.has(alert))
                  .map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
              },
            ],
          };
        });
        for (const { alert } of alerts) assert.ok(seen.has(alert), `${alert} has no case`);
        // The reference deployment has all there is to watch: no alert may be lost there unseen.
        if (name === "prod")
          assert.deepEqual(
            [...seen].filter((alert) => !known.has(alert)),
            [],
          );
        writeFileSync(
          join(folder, "tests.yml"),
          stringify({ rule_files: ["rules.yml"], evaluation_interval: "1m", tests }),
        );
        promtool("test", "rules", "tests.yml");
      });

      it("say how bad it is, what it means, what to do and where that is written", () => {
        for (const { alert, labels, annotations } of alertsOf(subject)) {
          assert.match(labels.severity, /^(critical|warning)$/, alert);
          for (const key of ["summary", "meaning", "remedy"]) assert.ok(annotations[key], `${alert}: ${key}`);
          assert.match(annotations.runbook_url ?? "", /operations\.md#reading-an-alarm$/, alert);
        }
      });
    });
  }

  it("ask no GPU of machines without one", () => {
    const withGpu = planOf();
    const rules = rulesFile({ ...withGpu, gpu: { ...withGpu.gpu, kind: "cpu" } });
    assert.ok(!rules.includes("DCGM"), "DCGM in the rules of a machine without a GPU");
  });
});
