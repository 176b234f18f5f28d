import { keepsTarget, LATENCIES } from "../../serving";
import { alignedTable } from "../text-table";
import type { StackStatus } from "./stack-status";

/** The status as a page of text: what is measured beside what was promised, then what fires. */
export function statusPage(status: StackStatus): string {
  const { requests, tokensPerSecondPerGpu: tokens, lengths } = status;
  const latencies = status.latencies.map((one) => [
    `${one.latency} p99, ms`,
    milliseconds(one.measuredSeconds),
    milliseconds(one.targetSeconds),
    milliseconds(one.predictedSeconds),
    one.bandLowSeconds === null
      ? "-"
      : `${milliseconds(one.bandLowSeconds)} to ${milliseconds(one.bandHighSeconds)}`,
    verdict(one),
  ]);
  const load = [
    ["requests/s", figure(requests.perSecond), figure(requests.plannedPerSecond)],
    ["sustainable requests/s", "-", figure(requests.sustainablePerSecond)],
    ["running", figure(requests.running), "-"],
    ["waiting", figure(requests.waiting), "-"],
    ["tokens/s per GPU", figure(tokens.measured), figure(tokens.planned)],
    ["the same, at this load", "-", figure(tokens.atThisLoad)],
    ["tokens of a prompt", figure(lengths.prompt), figure(lengths.plannedPrompt)],
    ["tokens of an output", figure(lengths.output), figure(lengths.plannedOutput)],
    ["KV cache in use, %", percent(status.kvCacheUsage), "-"],
    ["GPU memory in use, %", percent(status.gpuMemoryShare), "-"],
    ["NVLink in use, %", percent(status.nvlinkShare), "-"],
    ["USD per hour", "-", figure(status.usdPerHour)],
    ["USD since the machines' start", figure(status.usdSinceBoot), "-"],
  ];
  return [
    `stack ${status.stack}\n`,
    alignedTable(["latency", "measured", "target", "predicted", "band", "promise"], latencies),
    alignedTable(["load", "measured", "planned"], load),
    status.alerts.length === 0
      ? "no alert fires\n"
      : alignedTable(
          ["fires", "severity", "where"],
          status.alerts.map(({ alert, severity, instance }) => [alert, severity, instance || "-"]),
        ),
  ].join("\n");
}

const figure = (value: number | null) => (value === null ? "-" : `${Number(value.toPrecision(3))}`);
const milliseconds = (seconds: number | null) => figure(seconds === null ? null : 1000 * seconds);
const percent = (share: number | null) => figure(share === null ? null : 100 * share);

function verdict({ latency, measuredSeconds, targetSeconds }: StackStatus["latencies"][number]): string {
  const of = LATENCIES.find(({ metric }) => metric.replace("_", " ") === latency)?.of;
  if (of === undefined || measuredSeconds === null || targetSeconds === null) return "not measured";
  const kept = keepsTarget(of, 1000 * targetSeconds, measuredSeconds);
  if (kept === undefined) return "cannot be told";
  return kept ? "kept" : "missed";
}
