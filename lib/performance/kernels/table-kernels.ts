import type { Gpu } from "../../catalog";
import type { EngineProfile } from "../types";
import { attentionOf, latentAttentionOf } from "./attention-of";
import { byGpu } from "./by-gpu";
import type { NodeCollectives } from "./collectives";
import { expertsOf } from "./experts-of";
import { gemmCurve } from "./gemm-curve";
import type { KernelSet } from "./kernel-set";
import { measured, nvlinkSendUs, pcieCollectives, pcieSendUs, tableCollectives } from "./node-collectives";
import { recurrentOf } from "./recurrent-of";
import { h100, type Reference } from "./references";

/** NVLink of H100 in bytes per second and direction: sends were measured on it alone. */
const H100_NVLINK = 450e9;

/** A GPU and whose tables price it. */
interface PricedGpu {
  readonly gpu: Gpu;
  readonly engine: EngineProfile;
  /** Of products, attention and collectives. */
  readonly dense: Reference;
  /** Of experts and latent attention. */
  readonly own: Reference;
}

const gemms = byGpu<ReturnType<typeof gemmCurve>>();
const attentions = byGpu<ReturnType<typeof attentionOf>>();
const latentAttentions = byGpu<ReturnType<typeof latentAttentionOf>>();
const expertCurves = byGpu<ReturnType<typeof expertsOf>>();

/** Kernels from tables: this GPU's own, or those of its relative scaled by the rooflines. */
export function tableKernels({ gpu, engine, dense: reference, own }: PricedGpu): KernelSet {
  const figures = new Set<string>();
  const isOwn = gpu.name === reference.gpu.name;
  const from = `scaled from ${reference.gpu.name} to ${gpu.name} by roofline`;
  if (!isOwn) for (const part of ["GEMM", "attention", "collectives"]) figures.add(`${part} (${from})`);
  const note = (part: string, scaled: string | undefined) => {
    if (scaled !== undefined) figures.add(`${part} (${scaled})`);
  };
  return {
    gemmUs: (shape, precision) => {
      const { us, isMeasured } = gemms(gpu, `${shape.n} ${shape.k} ${precision}`, () =>
        gemmCurve(gpu, reference, shape, precision),
      );
      if (isOwn) note("GEMM", isMeasured ? undefined : `${precision} scaled from another precision`);
      return us;
    },
    attention: (heads, kvCacheDtype, window) => {
      const context = window === undefined ? { kvCacheDtype } : { kvCacheDtype, window };
      const { curves, scaled } = attentions(gpu, JSON.stringify([heads, context]), () =>
        attentionOf(gpu, reference, heads, context),
      );
      if (isOwn) note("attention", scaled);
      return curves;
    },
    latentAttention: (queryHeads, kvCacheDtype, projections) => {
      const formats = { kvCacheDtype, projections };
      const found = latentAttentions(
        gpu,
        `${queryHeads} ${kvCacheDtype} ${projections}`,
        () =>
          latentAttentionOf(gpu, own, queryHeads, formats) ??
          latentAttentionOf(gpu, h100(), queryHeads, formats),
      );
      note("attention", found?.scaled);
      return found?.curves;
    },
    recurrent: (shape) => {
      const found = recurrentOf(gpu, own, shape) ?? recurrentOf(gpu, h100(), shape);
      note(shape.variant === "mamba2" ? "Mamba layers" : "gated delta layers", found?.scaled);
      return found?.curves;
    },
    experts: (shape, precision) => {
      const found = expertCurves(gpu, JSON.stringify([shape, precision]), () =>
        expertsOf(gpu, own, shape, precision),
      );
      note("experts", found?.scaled);
      return found?.us;
    },
    collectives: collectivesOf(gpu, engine, reference),
    rooflineFigures: figures,
  };
}

function collectivesOf(
  gpu: Gpu,
  engine: EngineProfile,
  { tables, gpu: reference }: Reference,
): NodeCollectives {
  const { nvlinkBytesPerSecond } = gpu;
  if (nvlinkBytesPerSecond !== undefined) {
    const own = reference.nvlinkBytesPerSecond === undefined ? "h100-sxm" : tables;
    const link = reference.nvlinkBytesPerSecond ?? H100_NVLINK;
    const sendUs = nvlinkSendUs(H100_NVLINK / nvlinkBytesPerSecond);
    return tableCollectives(measured(own), engine, link / nvlinkBytesPerSecond, sendUs);
  }
  if (gpu.name !== reference.name) return pcieCollectives(gpu.pcieBytesPerSecond, engine);
  const table = measured(tables);
  return tableCollectives(table, engine, 1, pcieSendUs(table, 1));
}
