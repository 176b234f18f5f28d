import type { Plan } from "../../strategy";
import { LATENCIES } from "./expressions";
import { BAND, type Graph } from "./graph";
import { type Series, seriesOf } from "./series";
import { monitoringThresholds } from "./thresholds";

/** Pages of a stack, by the question that each answers. */
export const DASHBOARDS = ["promise", "gpus", "capacity"] as const;
export type DashboardName = (typeof DASHBOARDS)[number];

const TITLES: Readonly<Record<DashboardName, string>> = {
  promise: "is the promise kept",
  gpus: "GPUs and their links",
  capacity: "capacity and cost",
};

/** Loaded on demand: what makes a page for Grafana is no part of a plan. */
function grafana(): typeof import("./grafana-page") {
  return require("./grafana-page");
}

/** A stack's page as Grafana imports and provisions it. It asks which Prometheus it shall read. */
export function dashboard(plan: Plan, stack: string, name: DashboardName): string {
  const graphsOfPage = graphs(plan, seriesOf(stack), name);
  const page = {
    uid: `shardplan-${stack}-${name}`.slice(0, MOST_OF_UID),
    title: `shardplan ${stack}: ${TITLES[name]}`,
    tags: ["shardplan", stack],
    graphs: graphsOfPage,
  };
  return `${JSON.stringify(grafana().grafanaPage(page), null, 2)}\n`;
}

/** Grafana takes no longer name of a page. */
const MOST_OF_UID = 40;

function graphs(plan: Plan, series: Series, name: DashboardName): readonly Graph[] {
  switch (name) {
    case "promise":
      return promise(plan, series);
    case "gpus":
      return plan.gpu.kind === "cpu" ? [] : gpus(plan, series);
    case "capacity":
      return capacity(plan, series);
  }
}

/** Target, prediction with its band, and what is measured. */
function promise(plan: Plan, series: Series): readonly Graph[] {
  const isPredicted = Number.isFinite(plan.latency.decode.p99HighMs);
  return [
    ...LATENCIES.map(({ metric }): Graph => {
      const seconds = (part: string) => series(`shardplan:${metric}_${part}_seconds`);
      return {
        title: `${metric.replace("_", " ")}, 99th percentile`,
        unit: "s",
        lines: {
          measured: seconds("p99"),
          target: seconds("target"),
          ...(isPredicted
            ? {
                predicted: seconds("predicted_p99"),
                [BAND.low]: seconds("band_low"),
                [BAND.high]: seconds("band_high"),
              }
            : {}),
        },
      };
    }),
    {
      title: "alerts that fire",
      unit: "short",
      lines: {
        "{{alertname}}": `count by (alertname) (${series("ALERTS", 'alertstate="firing"')})`,
      },
    },
  ];
}

function gpus(plan: Plan, series: Series): readonly Graph[] {
  const each = "{{instance}} {{gpu}}";
  const hasLinks = monitoringThresholds(plan).nvlink !== undefined;
  return [
    {
      title: "memory of the fullest GPU",
      unit: "percentunit",
      lines: { used: series("shardplan:gpu_memory_share") },
    },
    ...(hasLinks
      ? [
          {
            title: "NVLink of the busiest GPU, one direction",
            unit: "percentunit",
            lines: { used: series("shardplan:nvlink_share") },
          } as const,
        ]
      : []),
    { title: "temperature", unit: "celsius", lines: { [each]: series("DCGM_FI_DEV_GPU_TEMP") } },
    { title: "power", unit: "watt", lines: { [each]: series("DCGM_FI_DEV_POWER_USAGE") } },
    { title: "last XID", unit: "short", lines: { [each]: series("shardplan:last_xid") } },
  ];
}

function capacity(plan: Plan, series: Series): readonly Graph[] {
  const isSustained = plan.throughput.sustainableRequestRate > 0;
  return [
    {
      title: "requests that arrive",
      unit: "reqps",
      lines: {
        measured: series("shardplan:request_rate"),
        planned: series("shardplan:planned_request_rate"),
        ...(isSustained ? { sustainable: series("shardplan:sustainable_request_rate") } : {}),
      },
    },
    {
      title: "output tokens per second and GPU",
      unit: "short",
      lines: {
        measured: series("shardplan:output_tokens_per_second_per_gpu"),
        ...(isSustained ? { "at this load": series("shardplan:expected_tokens_per_second_per_gpu") } : {}),
      },
    },
    {
      title: "requests",
      unit: "short",
      lines: { running: series("shardplan:requests_running"), waiting: series("shardplan:requests_waiting") },
    },
    { title: "KV cache in use", unit: "percentunit", lines: { fullest: series("shardplan:kv_cache_usage") } },
    {
      title: "tokens of a request",
      unit: "short",
      lines: {
        prompt: series("shardplan:mean_prompt_tokens"),
        "prompt, planned": series("shardplan:planned_prompt_tokens"),
        output: series("shardplan:mean_output_tokens"),
        "output, planned": series("shardplan:planned_output_tokens"),
      },
    },
    ...(plan.cost.usdPerHour === undefined
      ? []
      : [
          {
            title: "cost of a million output tokens",
            unit: "currencyUSD",
            lines: {
              "at this load":
                `1e6 * ${series("shardplan:cost_usd_per_hour")} / ` +
                `(3600 * ${plan.strategy.gpus} * ${series("shardplan:output_tokens_per_second_per_gpu")} > 0)`,
            },
          } as const,
        ]),
  ];
}
