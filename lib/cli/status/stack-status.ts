import { inBackticks, UserError } from "../../config";
import { LATENCIES } from "../../serving";
import { instantQuery, type Sample, withoutUser } from "./prometheus";

/** What a stack does now, beside what its plan says. A figure that nobody measures is null. Seconds, shares of 0..1. */
export interface StackStatus {
  readonly stack: string;
  readonly requests: {
    readonly running: Figure;
    readonly waiting: Figure;
    readonly perSecond: Figure;
    readonly plannedPerSecond: Figure;
    readonly sustainablePerSecond: Figure;
  };
  /** At the 99th percentile. */
  readonly latencies: readonly {
    readonly latency: string;
    readonly measuredSeconds: Figure;
    readonly targetSeconds: Figure;
    readonly predictedSeconds: Figure;
    readonly bandLowSeconds: Figure;
    readonly bandHighSeconds: Figure;
  }[];
  readonly tokensPerSecondPerGpu: {
    readonly measured: Figure;
    readonly atThisLoad: Figure;
    readonly planned: Figure;
  };
  readonly lengths: {
    readonly prompt: Figure;
    readonly plannedPrompt: Figure;
    readonly output: Figure;
    readonly plannedOutput: Figure;
  };
  readonly kvCacheUsage: Figure;
  readonly gpuMemoryShare: Figure;
  readonly nvlinkShare: Figure;
  readonly usdPerHour: Figure;
  /** What the machines have cost since the first of them that still runs was started. */
  readonly usdSinceBoot: Figure;
  readonly alerts: readonly {
    readonly alert: string;
    readonly severity: string;
    readonly instance: string;
  }[];
}

type Figure = number | null;

/** Reads what the rules of a stack record. Throws `UserError` where Prometheus knows nothing of the stack. */
export async function readStackStatus(prometheus: string, stack: string): Promise<StackStatus> {
  const only = `stack=${JSON.stringify(stack)}`;
  const [records, alerts] = await Promise.all([
    instantQuery(prometheus, `{__name__=~"shardplan:.+",${only}}`),
    instantQuery(prometheus, `ALERTS{${only},alertstate="firing"}`),
  ]);
  if (records.length === 0) {
    throw new UserError({
      code: "unknown-to-prometheus",
      where: withoutUser(prometheus),
      message: `knows nothing of the stack ${stack}`,
      hint: `load the file that ${inBackticks(`rules --stack ${stack}`)} writes, and have targets with the label stack: ${stack}`,
    });
  }
  return statusOf(stack, records, alerts);
}

function statusOf(stack: string, records: readonly Sample[], alerts: readonly Sample[]): StackStatus {
  const figures = new Map(records.map(({ labels, value }) => [labels.__name__, value]));
  const of = (name: string): Figure => {
    const value = figures.get(`shardplan:${name}`);
    return value === undefined || !Number.isFinite(value) ? null : value;
  };
  return {
    stack,
    requests: {
      running: of("requests_running"),
      waiting: of("requests_waiting"),
      perSecond: of("request_rate"),
      plannedPerSecond: of("planned_request_rate"),
      sustainablePerSecond: of("sustainable_request_rate"),
    },
    latencies: LATENCIES.map(({ metric }) => ({
      latency: metric.replace("_", " "),
      measuredSeconds: of(`${metric}_p99_seconds`),
      targetSeconds: of(`${metric}_target_seconds`),
      predictedSeconds: of(`${metric}_predicted_p99_seconds`),
      bandLowSeconds: of(`${metric}_band_low_seconds`),
      bandHighSeconds: of(`${metric}_band_high_seconds`),
    })),
    tokensPerSecondPerGpu: {
      measured: of("output_tokens_per_second_per_gpu"),
      atThisLoad: of("expected_tokens_per_second_per_gpu"),
      planned: of("planned_tokens_per_second_per_gpu"),
    },
    lengths: {
      prompt: of("mean_prompt_tokens"),
      plannedPrompt: of("planned_prompt_tokens"),
      output: of("mean_output_tokens"),
      plannedOutput: of("planned_output_tokens"),
    },
    kvCacheUsage: of("kv_cache_usage"),
    gpuMemoryShare: of("gpu_memory_share"),
    nvlinkShare: of("nvlink_share"),
    usdPerHour: of("cost_usd_per_hour"),
    usdSinceBoot: of("cost_usd_since_boot"),
    alerts: alerts
      .map(({ labels }) => ({
        alert: labels.alertname ?? "",
        severity: labels.severity ?? "",
        instance: [labels.instance, labels.gpu === undefined ? undefined : `GPU ${labels.gpu}`]
          .filter(Boolean)
          .join(" "),
      }))
      .sort((a, b) =>
        `${a.severity}${a.alert}${a.instance}`.localeCompare(`${b.severity}${b.alert}${b.instance}`),
      ),
  };
}
