import { compareVersions } from "../engine/compare-versions";
import { hasChange } from "../engine/version-changes";
import type { EngineProfile } from "../types";
import type { Collectives, NodeCollectives } from "./collectives";
import { type Curve, logLogCurve } from "./log-log";
import { type CollectiveTable, collectiveTable, type Series, type SeriesByGpus } from "./tables";

/** vLLM before 0.19 hands messages of 512 tokens of Llama-70B (8 MiB) and more to NCCL. */
const CUSTOM_LIMIT_BYTES = 8 * 2 ** 20;

/**
 * Collectives within a node from measured tables. Engines bring their own all-reduce for small messages; vLLM's changed
 * with its version: before 0.19 the kernel stops early and NCCL takes over.
 * @param slower bandwidth of the measured link over this one's; the launch floor stays
 */
export function tableCollectives(
  table: CollectiveTable,
  engine: EngineProfile,
  slower: number,
  sendUs: Curve,
): NodeCollectives {
  const curve = (series: SeriesByGpus, ranks: number) => seriesCurve(ofRanks(series, ranks), slower);
  return {
    of: (ranks) => ({
      allReduceUs: allReduceCurve(table, engine, (series) => curve(series, ranks)),
      allGatherUs: curve(table.allGather, ranks),
      reduceScatterUs: curve(table.reduceScatter, ranks),
      allToAllUs: curve(table.allToAll, ranks),
    }),
    sendUs,
  };
}

function allReduceCurve(
  { allReduce }: CollectiveTable,
  engine: EngineProfile,
  curve: (series: SeriesByGpus) => Curve,
): Curve {
  const custom = curve(allReduce[kernelOf(engine, allReduce)]);
  const isOld = engine.name === "vLLM" && !hasChange(engine, "ownAllReduceAtAllSizes");
  const nccl = Object.keys(allReduce).find((key) => key.startsWith("nccl-"));
  if (!isOld || nccl === undefined) return custom;
  const large = curve(allReduce[nccl]);
  return (bytes) => (bytes < CUSTOM_LIMIT_BYTES ? custom(bytes) : large(bytes));
}

/** Name of the all-reduce kernel of an engine: its own, or vLLM's of the newest version that is not newer than the engine. */
function kernelOf({ name, version }: EngineProfile, allReduce: CollectiveTable["allReduce"]): string {
  const own = name === "SGLang" ? "sglang-0.5.14" : name === "vLLM" ? "" : "trtllm-1.3.0rc20";
  if (own in allReduce) return own;
  const versions = Object.keys(allReduce)
    .filter((key) => key.startsWith("vllm-"))
    .sort((a, b) => compareVersions(a.slice(5), b.slice(5)));
  const until = name === "vLLM" ? version : "999";
  return versions.findLast((key) => compareVersions(key.slice(5), until) <= 0) ?? versions[0];
}

const MEASURED_PCIE = 32e9;

/**
 * Collectives over PCIe: those of L40S (PCIe 4.0 x16, 32 GB/s a direction) scaled by bandwidth. Between two ranks a ring
 * moves what a send moves.
 */
export function pcieCollectives(pcieBytesPerSecond: number, engine: EngineProfile): NodeCollectives {
  const table = measured("l40s");
  const slower = MEASURED_PCIE / pcieBytesPerSecond;
  return tableCollectives(table, engine, slower, pcieSendUs(table, slower));
}

/** Sends between two GPUs without a direct link: what their all-reduce moves. */
export const pcieSendUs = ({ allReduce }: CollectiveTable, slower: number): Curve =>
  seriesCurve(Object.values(allReduce)[0][2], slower);

/** Sends between two GPUs over NVLink, measured on H100. */
export const nvlinkSendUs = (slower: number): Curve => {
  const sends = measured("h100-sxm").sendReceive;
  if (sends === undefined) throw new Error("H100's tables have no sends");
  return seriesCurve(sends.inNode, slower);
};

/** Tables that are known to be there. */
export function measured(tables: string): CollectiveTable {
  const table = collectiveTable(tables);
  if (table === undefined) throw new Error(`no collectives of ${tables}`);
  return table;
}

/** All collectives of a ring from its all-reduce. */
export function ringCollectives(allReduceUs: Curve): Collectives {
  const half: Curve = (bytes) => allReduceUs(bytes) / 2;
  return { allReduceUs, allGatherUs: half, reduceScatterUs: half, allToAllUs: half };
}

/** Series of the measured group that is at least as large (2, 4, 8), or of the largest. */
function ofRanks(series: SeriesByGpus, ranks: number): Series {
  const groups = Object.keys(series).map(Number);
  const least = groups.filter((group) => group >= ranks);
  return series[String(least.length > 0 ? Math.min(...least) : Math.max(...groups))];
}

/** Curve through a measured series; what exceeds its floor is stretched by `slower`. */
function seriesCurve(series: Series, slower: number): Curve {
  const ofSeries = curves.get(series) ?? new Map<number, Curve>();
  curves.set(series, ofSeries);
  const curve = ofSeries.get(slower) ?? stretched(series, slower);
  ofSeries.set(slower, curve);
  return curve;
}

const curves = new WeakMap<Series, Map<number, Curve>>();

function stretched({ bytes, us }: Series, slower: number): Curve {
  const floor = Math.min(...us);
  return logLogCurve(
    bytes,
    us.map((time) => floor + (time - floor) * slower),
  );
}
