import type { Plan } from "../../strategy";
import { hostPaths } from "../host-paths";
import { PORTS } from "../ports";
import { systemdUnit } from "../systemd-unit";
import { exporterAddress, socketAddress } from "./prometheus-config";

/** What NVIDIA's exporter is asked for. */
interface Counter {
  /** A field of DCGM, or of the exporter itself (`DCGM_EXP_`); the metric has its name. */
  readonly field: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
}

/**
 * The exporter's own list has no NVLink traffic, faults over a window, or errors of links, which the plan's alerts need. The
 * fields of NVLink's traffic are rates, so gauges (NVIDIA/dcgm-exporter, default-counters.csv has PCIe's like that).
 */
const COUNTERS: readonly Counter[] = [
  { field: "DCGM_FI_DEV_FB_USED", type: "gauge", help: "Memory in use (MiB)." },
  { field: "DCGM_FI_DEV_FB_FREE", type: "gauge", help: "Memory free (MiB)." },
  { field: "DCGM_FI_DEV_FB_RESERVED", type: "gauge", help: "Memory that the driver keeps (MiB)." },
  { field: "DCGM_FI_PROF_NVLINK_TX_BYTES", type: "gauge", help: "Sent over NVLink (bytes/s)." },
  { field: "DCGM_FI_PROF_NVLINK_RX_BYTES", type: "gauge", help: "Received over NVLink (bytes/s)." },
  {
    field: "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL",
    type: "counter",
    help: "Links that went down and came back.",
  },
  {
    field: "DCGM_EXP_GPU_HEALTH_STATUS",
    type: "gauge",
    help: "What DCGM watches: 0 is well; 10 warns; 20 fails.",
  },
  {
    field: "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
    type: "gauge",
    help: "Share of time with work in tensor cores.",
  },
  { field: "DCGM_FI_PROF_DRAM_ACTIVE", type: "gauge", help: "Share of time with traffic to memory." },
  { field: "DCGM_FI_DEV_SM_CLOCK", type: "gauge", help: "Clock (MHz)." },
  { field: "DCGM_FI_DEV_GPU_TEMP", type: "gauge", help: "Temperature (degrees Celsius)." },
  { field: "DCGM_FI_DEV_POWER_USAGE", type: "gauge", help: "Power (W)." },
  { field: "DCGM_FI_DEV_XID_ERRORS", type: "gauge", help: "The driver's last XID." },
  { field: "DCGM_EXP_XID_ERRORS_COUNT", type: "gauge", help: "XIDs of the last five minutes." },
  {
    field: "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS",
    type: "counter",
    help: "Rows of memory remapped for errors that could not be corrected.",
  },
  { field: "DCGM_FI_DEV_ROW_REMAP_FAILURE", type: "gauge", help: "1 where rows could not be remapped." },
];

/** The list of counters as NVIDIA's exporter reads it: field, type, help. */
export const gpuCounters = (): string =>
  COUNTERS.map(({ field, type, help }) => `${field}, ${type}, ${help}\n`).join("");

/** The package of NVIDIA's own repository, from which the driver comes where a step installed it. */
export const GPU_EXPORTER_PACKAGE = "datacenter-gpu-manager-exporter";

/** What that package brings. */
export const GPU_EXPORTER_PROGRAM = "/usr/bin/dcgm-exporter";

/**
 * NVIDIA's DCGM exporter with the plan's counters; `node` counts from 0, `address` is the one that the cluster reaches. It runs as
 * root, as the package's own unit does: the driver shows its profiling counters to nobody else.
 */
export const gpuExporterUnit = (plan: Plan, node: number, address: string): string => {
  const { gpuCounters: counters, gpuExporterSettings } = hostPaths(plan);
  return systemdUnit({
    description: "shardplan: metrics of the GPUs",
    after: ["nvidia-persistenced.service", "nvidia-dcgm.service"],
    user: "root",
    environmentFiles: [gpuExporterSettings],
    command: [
      GPU_EXPORTER_PROGRAM,
      ...["--collectors", counters],
      ...["--address", socketAddress(exporterAddress(node, address), PORTS.dcgmExporter)],
    ],
    restartSeconds: 10,
    stopSeconds: 10,
    options: ["Nice=10", "OOMScoreAdjust=500", "ProtectHome=yes", "PrivateTmp=yes"],
  });
};
