import { findGpu, type Gpu } from "../../catalog";

/** A GPU that was measured, and the name of its tables. */
export interface Reference {
  readonly tables: string;
  readonly gpu: Gpu;
}

/** GPUs with tables of their own. */
const TABLES: Readonly<Record<string, string>> = {
  "H100-SXM-80GB": "h100-sxm",
  "H200-SXM-141GB": "h200-sxm",
  "B200-SXM-180GB": "b200-sxm",
  "B300-SXM-288GB": "b300-sxm",
  "GB200-186GB": "gb200",
  "GB300-278GB": "gb300",
  "A100-SXM-80GB": "a100-sxm",
  "L40S-48GB": "l40s",
  "RTX-PRO-6000-96GB": "rtx-pro-6000",
};

/** Whose kernels a GPU without tables runs, by compute capability: the nearest measured GPU of its generation or before it. */
const RELATIVES: readonly (readonly [from: number, gpu: string])[] = [
  [12, "RTX-PRO-6000-96GB"],
  [10, "B200-SXM-180GB"],
  [9, "H100-SXM-80GB"],
  [8.9, "L40S-48GB"],
  [0.1, "A100-SXM-80GB"],
];

/** What a GPU of another maker, or one given by its figures, is scaled from. */
const H100 = "H100-SXM-80GB";

/** The measured GPU whose tables price this one: itself, or its nearest relative. */
export function referenceOf(gpu: Gpu): Reference {
  const own = TABLES[gpu.name];
  if (own !== undefined) return { tables: own, gpu };
  const capability = gpu.computeCapability ?? 0;
  const relative = RELATIVES.find(([from]) => capability >= from)?.[1] ?? H100;
  return { tables: TABLES[relative] ?? "h100-sxm", gpu: findGpu(relative) };
}

/**
 * GPUs whose dense layers are priced by H100's tables although they have their own: the same chip with faster memory. Held
 * against 60 published runs of vLLM on H200, H100 scaled errs by 8 % of the first token and 3 % of a gap, H200's own
 * products by 13 and 4 %, and by 12 against 6 % of TensorRT-LLM's throughput.
 */
const DENSE_LIKE_H100: readonly string[] = ["H200-SXM-141GB"];

/** The measured GPU whose products, attention and collectives price this one. */
export const denseReferenceOf = (gpu: Gpu): Reference =>
  DENSE_LIKE_H100.includes(gpu.name) ? h100() : referenceOf(gpu);

/** Whether scaling from another GPU was held against published runs on this one. */
export const isCheckedScaling = ({ name }: Gpu): boolean => DENSE_LIKE_H100.includes(name);

/** The GPU with tables of every kind. */
export const h100 = (): Reference => ({ tables: "h100-sxm", gpu: findGpu(H100) });

/** Name of the GPU whose measured kernels price a layer on this one: its own where they were measured. */
export const kernelReference = (gpu: Gpu): string => denseReferenceOf(gpu).gpu.name;

/** Tables of data-centre Blackwell. */
const BLACKWELL: readonly string[] = ["b200-sxm", "b300-sxm", "gb200", "gb300"];

/** Whether this GPU is, or is priced as, a data-centre Blackwell. */
export const isBlackwell = (gpu: Gpu): boolean =>
  gpu.kind !== "cpu" && BLACKWELL.includes(referenceOf(gpu).tables);
