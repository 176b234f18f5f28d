import { compareVersions } from "../engine/compare-versions";
import type { EngineProfile } from "../types";
import type { Collectives, NodeCollectives } from "./collectives";
import { type Curve, logLogCurve } from "./log-log";
import { type CollectiveTable, collectiveTable, pcieTable, type Series, type SeriesByGpus } from "./tables";

const NCCL = "nccl-2.29.2";
/** vLLM before 0.19 hands messages of 512 tokens of Llama-70B (8 MiB) and more to NCCL. */
const CUSTOM_LIMIT_BYTES = 8 * 2 ** 20;

/**
 * Collectives over NVLink. Engines bring their own all-reduce for small messages; vLLM's changed with its version:
 * before 0.19 the kernel stops early and NCCL takes over.
 * @param slower bandwidth of the measured NVLink over this one's; the launch floor stays
 */
export function nvlinkCollectives(tables: string, engine: EngineProfile, slower: number): NodeCollectives {
  const table = collectiveTable(tables);
  const curve = (series: SeriesByGpus, ranks: number) => seriesCurve(ofRanks(series, ranks), slower);
  return {
    of: (ranks) => ({
      allReduceUs: allReduceCurve(table, engine, (series) => curve(series, ranks)),
      allGatherUs: curve(table.allGather, ranks),
      reduceScatterUs: curve(table.reduceScatter, ranks),
      allToAllUs: curve(table.allToAll, ranks),
    }),
    sendUs: seriesCurve(table.sendReceive.inNode, slower),
  };
}

function allReduceCurve(
  table: CollectiveTable,
  engine: EngineProfile,
  curve: (series: SeriesByGpus) => Curve,
): Curve {
  const kernel = kernelOf(engine);
  const custom = curve(table.allReduce[kernel]);
  if (kernel !== "vllm-0.14.0") return custom;
  const nccl = curve(table.allReduce[NCCL]);
  return (bytes) => (bytes < CUSTOM_LIMIT_BYTES ? custom(bytes) : nccl(bytes));
}

function kernelOf({ name, version }: EngineProfile): string {
  if (name === "SGLang") return "sglang-0.5.14";
  if (name === "TensorRT-LLM" || name === "NIM") return "trtllm-1.3.0rc20";
  if (compareVersions(version, "0.24") >= 0) return "vllm-0.24.0";
  return compareVersions(version, "0.19") >= 0 ? "vllm-0.19.0" : "vllm-0.14.0";
}

/**
 * Collectives over PCIe: measured all-reduce of L40S (PCIe 4.0 x16, 32 GB/s a direction) scaled by bandwidth. A ring
 * all-reduce is a reduce-scatter and an all-gather of the same size; between two ranks it moves what a send moves.
 */
export function pcieCollectives(pcieBytesPerSecond: number): NodeCollectives {
  const series = pcieTable().allReduce["vllm-0.22.0"];
  const slower = MEASURED_PCIE / pcieBytesPerSecond;
  return {
    of: (ranks) => ringCollectives(seriesCurve(ofRanks(series, ranks), slower)),
    sendUs: seriesCurve(series[2], slower),
  };
}

const MEASURED_PCIE = 32e9;

/** All collectives of a ring from its all-reduce. */
export function ringCollectives(allReduceUs: Curve): Collectives {
  const half: Curve = (bytes) => allReduceUs(bytes) / 2;
  return { allReduceUs, allGatherUs: half, reduceScatterUs: half, allToAllUs: half };
}

/** Series of the measured group that is at least as large (2, 4, 8). */
const ofRanks = (series: SeriesByGpus, ranks: number): Series =>
  series[String(ranks <= 2 ? 2 : ranks <= 4 ? 4 : 8)];

/** Curve through a measured series; what exceeds its floor is stretched by `slower`. */
function seriesCurve({ bytes, us }: Series, slower: number): Curve {
  const floor = Math.min(...us);
  return logLogCurve(
    bytes,
    us.map((time) => floor + (time - floor) * slower),
  );
}
