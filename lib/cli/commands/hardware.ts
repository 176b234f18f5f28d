import { findGpu, type Gpu, listGpus, listInstanceTypes } from "../../catalog";
import { kernelReference } from "../../performance";
import type { CommandSpec } from "../command-spec";
import { emit, toJson, wantsJson } from "../emit";
import { EXIT } from "../exit-codes";
import { alignedTable } from "../text-table";

export const hardwareCommand: CommandSpec = {
  name: "hardware",
  summary: "the GPUs and instance types that the catalogue knows",
  arguments: [],
  options: ["json", "out"],
  examples: [
    ["shardplan hardware", "names for hardware.instanceType and hardware.gpu"],
    ["shardplan hardware --json", "the same with the source and date of each figure"],
  ],
  run({ options }, io) {
    const data = { gpus: listGpus(), instanceTypes: listInstanceTypes() };
    emit(wantsJson(options) ? toJson(data) : `${gpuTable()}\n${instanceTable()}`, options, io);
    return EXIT.met;
  },
};

function timesFrom(gpu: Gpu): string {
  if (gpu.kind === "cpu") return "roofline";
  // Of another maker: the nearest measured GPU has other kernels.
  if (gpu.computeCapability === undefined) return "its figures alone";
  const reference = kernelReference(gpu);
  return reference === gpu.name ? "measured kernels" : `${reference}, scaled`;
}

function gpuTable(): string {
  const header = ["GPU", "memory GB", "HBM GB/s", "BF16 TFLOP/s", "FP8 TFLOP/s", "NVLink GB/s", "times from"];
  const rows = listGpus().map((gpu) => [
    gpu.name,
    (gpu.memoryBytes / 1e9).toFixed(0),
    (gpu.hbmBytesPerSecond / 1e9).toFixed(0),
    tera(gpu.bf16FlopsPerSecond),
    gpu.fp8FlopsPerSecond === undefined ? "-" : tera(gpu.fp8FlopsPerSecond),
    gpu.nvlinkBytesPerSecond === undefined ? "-" : (gpu.nvlinkBytesPerSecond / 1e9).toFixed(0),
    timesFrom(gpu),
  ]);
  return alignedTable(header, rows);
}

function instanceTable(): string {
  const header = [
    "instance type",
    "GPUs",
    "GPU",
    "GPU memory GB",
    "vCPUs",
    "RAM GiB",
    "network Gbit/s",
    "USD/h",
  ];
  const rows = listInstanceTypes().map((type) => [
    type.name,
    String(type.gpus),
    type.gpu,
    ((type.gpus * findGpu(type.gpu).memoryBytes) / 1e9).toFixed(0),
    String(type.vcpus),
    String(type.memoryGib),
    String(type.networkGbps),
    type.priceUsdPerHour?.toFixed(2) ?? "-",
  ]);
  return alignedTable(header, rows);
}

function tera(perSecond: number): string {
  return perSecond < 1e12 ? (perSecond / 1e12).toPrecision(2) : (perSecond / 1e12).toFixed(0);
}
