import type { Gpu } from "../../catalog";
import { hasChange } from "../engine/version-changes";
import type { EngineProfile } from "../types";

/** How a kernel wants the experts of mxfp4 checkpoints laid out. */
export interface ExpertPadding {
  /** The width of an expert on a rank, and the hidden size, are padded to multiples of these. */
  readonly width: number;
  readonly hidden: number;
  /** Copies of the scales in memory; default 1. */
  readonly scaleCopies?: number;
}

const TRITON: ExpertPadding = { width: 64, hidden: 1 };
const MARLIN: ExpertPadding = { width: 128, hidden: 256 };

/**
 * Padding of mxfp4 experts by the kernel that vLLM chooses (fused_moe/oracle/mxfp4.py of 0.33): Triton's on Hopper, on
 * data-centre Blackwell FlashInfer's, which pads like Marlin, elsewhere Marlin.
 */
export function expertPadding(gpu: Gpu, engine: EngineProfile): ExpertPadding {
  const isHopper = gpu.computeCapability !== undefined && Math.floor(gpu.computeCapability) === 9;
  if (!isHopper || engine.name !== "vLLM") return isHopper ? TRITON : MARLIN;
  if (!hasChange(engine, "tritonExperts")) return MARLIN;
  return hasChange(engine, "freesReorderedScales") ? TRITON : { ...TRITON, scaleCopies: 2 };
}
