import assert from "node:assert/strict";
import { type DeploymentInput, parseDeployment } from "../../../../lib/config";
import {
  cloudWatchAlarms,
  cloudWatchDashboard,
  cloudWatchMetrics,
  cloudWatchPrice,
  isLogged,
  logPublisherUnit,
  monitoringThresholds,
  publisherUnit,
} from "../../../../lib/serving";
import { planOf } from "../plan-fixture";

interface Widget {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: { readonly metrics?: readonly (readonly string[])[] };
}

const HOST = { address: "10.0.0.1", hostKey: `ssh-ed25519 ${"A".repeat(68)}` };
const ON = { monitoring: { cloudWatch: { on: true } } };
const names = cloudWatchMetrics("here").map(({ name }) => name);

describe("what CloudWatch is told", () => {
  const plan = planOf(ON);
  const alarms = cloudWatchAlarms(plan);
  const alarm = (name: string) => alarms.find((one) => one.name === name);

  it("is of this stack alone", () => {
    for (const { query } of cloudWatchMetrics("here")) assert.match(query, /\{stack="here"/);
  });

  it("is raised by the thresholds of the plan, and by silence where silence is the fault", () => {
    const { loadSeconds, kvCacheUsage, sustainableRequestRate } = monitoringThresholds(plan);
    assert.deepEqual(
      alarms.filter(({ missing }) => missing === "breaching").map(({ name }) => name),
      ["engine-down"],
    );
    assert.equal(alarm("engine-down")?.minutes, Math.ceil(loadSeconds / 60));
    assert.equal(alarm("kv-cache-full")?.threshold, 100 * kvCacheUsage);
    assert.equal(alarm("beyond-sustainable-rate")?.threshold, sustainableRequestRate);
    // 100 ms is a bound of vLLM's histogram; what lies within a bucket cannot be told.
    assert.equal(alarm("decode-slow")?.threshold, 100);
    const other = cloudWatchAlarms(planOf({ ...ON, slo: { decode: { p99Ms: 110 } } }));
    assert.equal(other.find(({ name }) => name === "decode-slow")?.threshold, 150);
  });

  it("is what alarms and graphs are of, and no more than it takes", () => {
    const of = { namespace: "shardplan/here", region: "us-east-1", alarms: ["arn"] };
    const { widgets } = cloudWatchDashboard(plan, of) as { widgets: readonly Widget[] };
    const drawn = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    assert.deepEqual(drawn.map(([, name]) => name).sort(), [...names].sort());
    for (const { metric } of alarms) assert.ok(names.includes(metric), metric);
    for (const [index, one] of widgets.entries()) {
      assert.ok(one.x + one.width <= 24, JSON.stringify(one));
      for (const other of widgets.slice(index + 1)) {
        const beside = one.x + one.width <= other.x || other.x + other.width <= one.x;
        const above = one.y + one.height <= other.y || other.y + other.height <= one.y;
        assert.ok(beside || above, `${JSON.stringify(one)} lies over ${JSON.stringify(other)}`);
      }
    }
  });

  it("costs what its parts cost", () => {
    const { metrics, alarms: count, logGb, usdPerMonth } = cloudWatchPrice(plan);
    assert.deepEqual([metrics, count], [names.length, alarms.length]);
    assert.equal(logGb, (730 * 60 * 2800) / 1e9);
    assert.equal(usdPerMonth.toFixed(4), (10 * 0.3 + 7 * 0.1 + 3 + 0.438 + logGb * 0.5).toFixed(4));
    const silent = cloudWatchPrice(planOf({ monitoring: { cloudWatch: { on: true, logDays: 0 } } }));
    assert.equal(silent.logGb, 0);
  });

  it("is told by users of their own without rights, which take no credentials from the unit", () => {
    for (const unit of [publisherUnit(plan), logPublisherUnit(plan)]) {
      const lines = unit.split("\n");
      for (const line of [
        "DynamicUser=yes",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "ProtectHome=yes",
      ])
        assert.ok(lines.includes(line), line);
      assert.doesNotMatch(unit, /ACCESS_KEY|SECRET|TOKEN/);
    }
    // The journal is for who sends it alone.
    assert.doesNotMatch(publisherUnit(plan), /systemd-journal|StateDirectory/);
    assert.match(logPublisherUnit(plan), /^SupplementaryGroups=systemd-journal$/m);
  });

  it("is kept for days that CloudWatch knows, and no others", () => {
    const days = (logDays: number) =>
      parseDeployment({ monitoring: { cloudWatch: { logDays } } } as DeploymentInput).monitoring.cloudWatch
        .logDays;
    assert.deepEqual([0, 1, 3653].map(days), [0, 1, 3653]);
    assert.throws(() => days(10), /monitoring\.cloudWatch\.logDays.*one of `?0/s);
    assert.equal(isLogged(plan), true);
    assert.equal(isLogged(planOf({})), false);
  });

  it("is nothing by default, and refused where there is no role or no Prometheus to ask", () => {
    assert.equal(parseDeployment({}).monitoring.cloudWatch.on, false);
    const refusals: [object, RegExp][] = [
      [{ ...ON, hosts: [HOST] }, /must be false with hosts/],
      [{ monitoring: { mode: "export", cloudWatch: { on: true } } }, /needs monitoring\.mode on, not export/],
      [
        {
          monitoring: {
            cloudWatch: {
              alarmEmail: "a@example.com",
              alarmTopicArn: "arn:aws:sns:us-east-1:123456789012:ours",
            },
          },
        },
        /must be left out with monitoring\.cloudWatch\.alarmEmail/,
      ],
      [
        { monitoring: { cloudWatch: { alarmTopicArn: "arn:aws:sns:eu-west-1:123456789012:ours" } } },
        /must be a topic of aws\.region \(us-east-1\)/,
      ],
    ];
    for (const [sections, words] of refusals) assert.throws(() => parseDeployment(sections), words);
  });
});
