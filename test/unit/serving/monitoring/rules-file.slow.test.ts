import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { readStackFile } from "../../../../lib/config";
import { monitoringThresholds, rulesFile } from "../../../../lib/serving";
import { resolvedSeconds } from "../../../../lib/serving/monitoring/latency-buckets";
import { type Plan, plan } from "../../../../lib/strategy";
import { planOf } from "../plan-fixture";
import {
  type Case,
  cases,
  DAY_STEP_MINUTES,
  DAY_STEPS,
  daysOfDecode,
  EVERY_MINUTES,
  healthy,
  MINUTES,
  together,
} from "./cases";

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Rule extends Partial<AlertRule> {
  readonly record?: string;
  readonly expr: string;
}

const GOLDEN = join("test", "golden", "rules", "prod.yml");

const groupsOf = (text: string): readonly string[] => {
  const { groups }: { groups: { name: string }[] } = parse(text);
  return groups.map(({ name }) => name);
};

const rulesOf = (text: string): readonly Rule[] => {
  const { groups }: { groups: { rules: Rule[] }[] } = parse(text);
  return groups.flatMap(({ rules }) => rules);
};

const alertsOf = (text: string): readonly AlertRule[] =>
  rulesOf(text).filter((rule): rule is AlertRule => rule.alert !== undefined);

/** The rules on the trend of decode alone, which are asked about days. */
function trendOf(text: string): string {
  const rules = rulesOf(text).filter(({ alert, record }) =>
    ["shardplan:decode_p99_reference_seconds", "ShardplanDecodeSlows", "ShardplanDecodeCreeps"].includes(
      alert ?? record ?? "",
    ),
  );
  return stringify({ groups: [{ name: "trend", rules }] });
}

const stack = (name: string) => () => plan(readStackFile(`Pulumi.${name}.yaml`));

const PLANS: Readonly<Record<string, () => Plan>> = {
  prod: stack("prod"),
  dev: stack("dev"),
  byo: stack("byo"),
  "two-nodes": () => planOf({ hardware: { nodes: 2 }, strategy: { dataParallel: 2 } }),
};

describe("the rules for Prometheus", function () {
  this.timeout(600_000);
  const plans = new Map<string, Plan>();
  let folder = "";
  before(function () {
    // Continuous integration installs it, so there its lack is a failure.
    if (process.env.CI === undefined && spawnSync("promtool", ["--version"]).error) this.skip();
    folder = mkdtempSync(join(tmpdir(), "shardplan-rules-"));
    for (const [name, make] of Object.entries(PLANS)) {
      const subject = make();
      plans.set(name, subject);
      writeFileSync(join(folder, `${name}.yml`), rulesFile(subject, "here"));
    }
  });
  after(() => {
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  const promtool = (...args: readonly string[]) => {
    const { status, stdout, stderr, error } = spawnSync("promtool", args, { cwd: folder, encoding: "utf8" });
    assert.equal(error, undefined, "promtool is in the package prometheus");
    assert.equal(status, 0, `${stdout}${stderr}`.slice(0, 3000));
  };

  it("are what Prometheus loads", () => {
    promtool("check", "rules", ...[...plans.keys()].map((name) => `${name}.yml`));
  });

  it("fire on their case and are silent on every other, on every plan", () => {
    const files = [...plans].flatMap(([name, subject]) => {
      const known = new Set(alertsOf(rulesFile(subject, "here")).map(({ alert }) => alert));
      const thresholds = monitoringThresholds(subject);
      const all = cases(thresholds);
      const days = daysOfDecode(resolvedSeconds("decode", thresholds.decode.targetMs));
      const seen = new Set([...all, ...days].flatMap(({ alerts }) => alerts));
      for (const alert of known) assert.ok(seen.has(alert), `${name}: ${alert} has no case`);
      // The reference deployment has all there is to watch: no alert may be lost there unseen.
      if (name === "prod")
        assert.deepEqual(
          [...seen].filter((alert) => !known.has(alert)),
          [],
        );
      const write = (
        what: string,
        { rules, interval }: { rules: string; interval: string },
        tests: readonly object[],
      ) => {
        const file = `${name}-${what}.yml`;
        writeFileSync(
          join(folder, file),
          stringify({
            rule_files: [rules],
            evaluation_interval: interval,
            // Else in any order.
            group_eval_order: groupsOf(readFileSync(join(folder, rules), "utf8")),
            tests,
          }),
        );
        return file;
      };
      writeFileSync(join(folder, `${name}-trend.yml`), trendOf(rulesFile(subject, "here")));
      return [
        write(
          "faults",
          { rules: `${name}.yml`, interval: `${EVERY_MINUTES}m` },
          // All alone is asked of one plan: the others differ in their figures.
          (name === "prod" ? all : together(all)).map((one) =>
            promTest(one, { known, base: healthy(thresholds), interval: "1m", minutes: MINUTES }),
          ),
        ),
        write(
          "days",
          { rules: `${name}-trend.yml`, interval: `${DAY_STEP_MINUTES}m` },
          days.map((one) =>
            promTest(one, {
              known,
              base: {},
              interval: `${DAY_STEP_MINUTES}m`,
              minutes: DAY_STEPS * DAY_STEP_MINUTES,
            }),
          ),
        ),
      ];
    });
    promtool("test", "rules", ...files);
  });

  it("record no latency where nobody asks, so that means and slopes over that time are numbers", () => {
    const bucket = 'vllm:inter_token_latency_seconds_bucket{stack="here",job="vllm",instance="a",le=';
    const input_series = ["0.01", "0.025", "+Inf"].map((le) => ({
      series: `${bucket}"${le}"}`,
      // Ten busy minutes, ten idle ones, and busy again.
      values: le === "0.01" ? "0x30" : "0+60x10 600x10 600+60x10",
    }));
    const at = (minutes: number, of: string) => ({
      expr: of,
      eval_time: `${minutes}m`,
      // Hundredths of a millisecond: whole numbers are equal in any arithmetic.
      exp_samples: minutes === 19 ? [] : [{ labels: "{}", value: Math.round(1e5 * (0.01 + 0.99 * 0.015)) }],
    });
    const p99 = 'shardplan:decode_p99_seconds{stack="here"}';
    writeFileSync(
      join(folder, "idle.yml"),
      stringify({
        rule_files: ["prod.yml"],
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            input_series,
            promql_expr_test: [
              at(9, `sum(round(1e5 * ${p99}))`),
              at(19, p99),
              at(29, `sum(round(1e5 * avg_over_time(${p99}[28m])))`),
            ],
          },
        ],
      }),
    );
    promtool("test", "rules", "idle.yml");
  });

  it("look at no series of another stack, and mark what they record and raise with theirs", () => {
    for (const [name, subject] of plans) {
      for (const rule of rulesOf(rulesFile(subject, "here"))) {
        assert.equal(rule.labels?.stack, "here", `${name}: ${rule.alert ?? rule.record}`);
        // Every metric is followed by its selector.
        const bare = rule.expr.match(/\b(vllm:|DCGM_|node_|shardplan:|up\b)[\w:]*(?![\w:{|])/g) ?? [];
        const named = bare.filter((metric) => !rule.expr.includes(`"${metric}`));
        assert.deepEqual(
          named.filter((metric) => !rule.expr.includes(`${metric}{stack="here"`)),
          [],
        );
      }
    }
  });

  it("say how bad it is, what it means, what to do and where that is written", () => {
    const headings = new Set(
      [...readFileSync("docs/operations.md", "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
        heading.toLowerCase().replaceAll(" ", "-"),
      ),
    );
    for (const subject of plans.values()) {
      for (const { alert, labels, annotations } of alertsOf(rulesFile(subject, "here"))) {
        assert.match(labels.severity ?? "", /^(critical|warning)$/, alert);
        for (const key of ["summary", "meaning", "remedy"]) assert.ok(annotations[key], `${alert}: ${key}`);
        const [, anchor = ""] = annotations.runbook_url?.split("operations.md#") ?? [];
        assert.ok(headings.has(anchor), `docs/operations.md has no heading for ${alert} (#${anchor})`);
      }
    }
  });

  it("are those that were looked at, for the reference deployment", () => {
    const subject = plans.get("prod");
    assert.ok(subject !== undefined, "no plan of prod");
    const text = rulesFile(subject, "prod");
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(GOLDEN, text);
    assert.equal(
      text,
      readFileSync(GOLDEN, "utf8"),
      "update with UPDATE_GOLDEN=1 npx mocha test/unit/serving/monitoring/rules-file.slow.test.ts",
    );
  });

  it("ask no GPU of machines without one", () => {
    const withGpu = plans.get("prod");
    assert.ok(withGpu !== undefined, "no plan of prod");
    const rules = rulesFile({ ...withGpu, gpu: { ...withGpu.gpu, kind: "cpu" } }, "here");
    assert.ok(!rules.includes("DCGM"), "DCGM in the rules of a machine without a GPU");
  });
});

/** A case as promtool tests it: at its end exactly its alerts fire. */
function promTest(
  { change, alerts }: Case,
  of: {
    readonly known: ReadonlySet<string>;
    readonly base: Case["change"];
    readonly interval: string;
    readonly minutes: number;
  },
) {
  return {
    interval: of.interval,
    input_series: Object.entries({ ...of.base, ...change }).map(([series, values]) => ({ series, values })),
    // Through ALERTS, so that labels and texts need not be repeated. That a rule with its own `for` became firing is told
    // by alertstate.
    promql_expr_test: [
      {
        expr: `count by (alertname) (ALERTS{alertstate="firing",stack="here"})`,
        eval_time: `${of.minutes - 1}m`,
        exp_samples: alerts
          .filter((alert) => of.known.has(alert))
          .map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
      },
    ],
  };
}
