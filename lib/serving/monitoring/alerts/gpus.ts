import { type AlertRule, alertRule } from "../rule";
import type { Series } from "../series";
import type { Thresholds } from "../thresholds";

/** What NVIDIA's DCGM exporter says of the GPUs and their links. */
export const gpuAlerts = (series: Series, thresholds: Thresholds): readonly AlertRule[] => [
  ...metrics(series, thresholds),
  alertRule({
    name: "ShardplanGpuMemoryBeyondShare",
    expr: `${series("shardplan:gpu_memory_share")} > ${thresholds.gpuMemory}`,
    lasting: "5m",
    severity: "warning",
    summary: `more than ${thresholds.gpuMemory} of a GPU's memory is in use`,
    meaning: "vLLM fills its own share at start; more is a leak or a foreign process",
    remedy: "nvidia-smi names the processes; end the foreign one, or restart vLLM",
  }),
  ...faults(series),
  ...links(series, thresholds),
];

/** Whether what the other alerts look at is there at all. */
function metrics(series: Series, { gpus, nvlink }: Thresholds): readonly AlertRule[] {
  const memory = series("DCGM_FI_DEV_FB_USED");
  return [
    alertRule({
      name: "ShardplanGpuMetricsMissing",
      // Of a host without an exporter, and of a GPU that fell off its bus, nothing comes.
      expr: `count(${memory}) < ${gpus} or absent(${memory})`,
      lasting: "10m",
      severity: "warning",
      summary: `metrics come of fewer GPUs than the ${gpus} that the stack has`,
      meaning: "for the others alerts on memory, NVLink and faults are silent",
      remedy:
        "nvidia-smi on each host counts its GPUs; install NVIDIA's package datacenter-gpu-manager-exporter where it lacks and run pulumi up",
    }),
    ...(nvlink === undefined
      ? []
      : [
          alertRule({
            name: "ShardplanNvlinkMetricsMissing",
            // Where the GPUs themselves are told of: else that is the alert.
            expr: `absent(${series("DCGM_FI_PROF_NVLINK_TX_BYTES")}) and on () count(${memory}) > 0`,
            lasting: "10m",
            severity: "warning",
            summary: "the exporter of the GPUs does not say what goes over NVLink",
            meaning: "the alert on saturated links is silent",
            remedy:
              "give an exporter of yours the plan's counters; a profiler (Nsight, dcgmi dmon) that runs beside takes them away from it",
          }),
        ]),
  ];
}

/**
 * Faults that a program makes, not the GPU (NVIDIA, XID errors: 13 graphics engine exception, 31 memory page fault, 43
 * stopped processing, 45 preemptive cleanup).
 */
const OF_PROGRAMS = [13, 31, 43, 45];

/**
 * The exporter's count over five minutes says which faults there were, the same one twice included, and ends by itself.
 * An exporter without it says the last one for ever: there a change is what counts, for as long.
 */
function faults(series: Series): readonly AlertRule[] {
  const counted = "DCGM_EXP_XID_ERRORS_COUNT";
  const last = series("shardplan:last_xid");
  const isOfProgram = OF_PROGRAMS.map((xid) => `${last} == ${xid}`).join(" or ");
  const changed = `(${last} > 0 and changes(${last}[5m]) > 0 unless on (instance) ${series(counted)})`;
  const alert = (
    name: string,
    match: string,
    when: string,
    texts: Pick<Parameters<typeof alertRule>[0], "severity" | "meaning" | "remedy">,
  ) =>
    alertRule({
      name,
      expr: `sum by (instance, gpu, xid) (${series(counted, match)}) > 0 or ${changed} ${when} (${isOfProgram})`,
      lasting: "0m",
      summary:
        "GPU {{ $labels.gpu }} of {{ $labels.instance }} reported XID {{ or $labels.xid (printf `%.0f` $value) }}",
      ...texts,
    });
  return [
    alert("ShardplanXid", `xid!~"0|${OF_PROGRAMS.join("|")}"`, "unless", {
      severity: "critical",
      meaning: "the driver saw a fault of the GPU, its memory or its links",
      remedy: "dmesg has the text; drain the node and reset or replace it",
    }),
    alert("ShardplanXidOfProgram", `xid=~"${OF_PROGRAMS.join("|")}"`, "and", {
      severity: "warning",
      meaning: "a program did what it may not, and its work on the GPU was ended; the GPU is well",
      remedy: "journalctl -u shardplan-vllm; when it comes again, look for a fix in a newer vLLM",
    }),
  ];
}

function links(series: Series, { nvlink }: Thresholds): readonly AlertRule[] {
  if (nvlink === undefined) return [];
  return [
    alertRule({
      name: "ShardplanNvlinkSaturated",
      expr: `${series("shardplan:nvlink_share")} > ${nvlink.share}`,
      lasting: "10m",
      severity: "warning",
      summary: `more than ${nvlink.share} of NVLink's bandwidth in one direction is in use`,
      meaning: "all-reduces wait for the links",
      remedy: "check that all links are up (nvidia-smi nvlink -s); lower serving.maxNumBatchedTokens",
    }),
    alertRule({
      name: "ShardplanNvlinkErrors",
      expr: `increase(${series("DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL")}[15m]) > 0`,
      lasting: "0m",
      severity: "critical",
      summary: "a link of GPU {{ $labels.gpu }} of {{ $labels.instance }} went down and came back",
      meaning: "a link is failing; the engine hangs when it stays down",
      remedy: "nvidia-smi nvlink -e; replace the node when it goes on",
    }),
    // Links are down for a moment after each boot, while they train.
    alertRule({
      name: "ShardplanNvlinkDown",
      expr: `${series("DCGM_EXP_GPU_HEALTH_STATUS", 'health_watch="NVLINK",health_error_code="DCGM_FR_NVLINK_DOWN"')} > 0`,
      lasting: "2m",
      severity: "critical",
      summary:
        "GPU {{ $labels.gpu }} of {{ $labels.instance }} has fewer NVLink links up than it is made with",
      meaning: "the other links carry more, or the engine hangs at its next all-reduce",
      remedy: "nvidia-smi nvlink -s names the link; drain the node and reset or replace it",
    }),
  ];
}
