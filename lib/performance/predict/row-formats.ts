import type { ModelArchitecture } from "../../catalog";
import type { KernelFormats, Precision } from "../types";
import type { CaseRow } from "./case-row";

/** How a row's weights are stored: the precision of what is not named, and the formats of the rest. */
export interface RowFormats {
  readonly precision: Precision;
  readonly formats?: KernelFormats;
}

/**
 * Formats of the published checkpoints of a precision. FP8 mixtures of experts are scaled by block (DeepSeek, MiniMax,
 * Qwen3, GLM), dense ones by tensor. 4-bit mixtures quantise their experts alone; gpt-oss's are mxfp4.
 */
export function rowFormats({ precision }: CaseRow, model: ModelArchitecture): RowFormats {
  const isMixture = model.experts !== undefined;
  if (precision === "bf16") return { precision };
  if (precision === "fp8" && !isMixture) return { precision };
  if (precision === "fp8" || precision === "fp8_block") {
    const format = "fp8_block" as const;
    return { precision: "fp8", formats: { attention: format, feedForward: format, experts: format } };
  }
  const four = model.slidingWindow === undefined ? "nvfp4" : "mxfp4";
  const format = precision === "fp4" ? four : precision;
  return isMixture
    ? { precision: "bf16", formats: { experts: format } }
    : { precision: "bf16", formats: { attention: format, feedForward: format } };
}
