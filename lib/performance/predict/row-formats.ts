import { type Gpu, type ModelArchitecture, runnableFormat } from "../../catalog";
import { UserError } from "../../config";
import type { KernelFormats, Precision } from "../types";
import type { CaseRow } from "./case-row";

/** How a row's weights are stored: the precision of what is not named, and the formats of the rest. */
export interface RowFormats {
  readonly precision: Precision;
  readonly formats?: KernelFormats;
}

type Checkpoint = NonNullable<ModelArchitecture["checkpoint"]>;
type Format = Checkpoint["formats"]["attention"];
type RowPrecision = Exclude<CaseRow["precision"], "auto">;

/** What a row may call weights of a format: the first is the format's own name among the column's. */
const NAMES: Readonly<Record<Format, readonly [RowPrecision, ...RowPrecision[]]>> = {
  bf16: ["bf16"],
  fp8: ["fp8"],
  fp8_block: ["fp8", "fp8_block"],
  int8: ["int8"],
  w8a16: ["int8"],
  int4: ["int4"],
  mxfp4: ["fp4", "mxfp4"],
  nvfp4: ["fp4", "nvfp4"],
};

function mistake(message: string, hint: string): UserError {
  return new UserError({ code: "precision-of-checkpoint", where: "precision", message, hint });
}

/** All names of what a checkpoint is quantised in; 16 bits for one that leaves every product as it was. */
function namesOf({ formats }: Checkpoint): readonly RowPrecision[] {
  const parts = [formats.experts, formats.feedForward, formats.attention].filter(
    (part) => part !== undefined,
  );
  const quantised = parts.filter((part) => part !== "bf16");
  return [...new Set(quantised.length === 0 ? NAMES.bf16 : quantised.flatMap((part) => NAMES[part]))];
}

/** A quantised repository whose config.json the catalogue lacks, by its name alone. */
const NAMED_FP8 = /[-_]fp8\b/i;

/**
 * The precision in which a row's weights were served. A quantised checkpoint is served as it is stored, so that a row that
 * says otherwise is refused; a plain repository stands for the checkpoint of it that was served, and only `auto` takes it at
 * its word. Throws a UserError for what a checkpoint cannot be.
 */
export function servedPrecision({ model: name, precision }: CaseRow, model: ModelArchitecture): RowPrecision {
  const { checkpoint } = model;
  if (checkpoint === undefined) {
    const isFp8 = NAMED_FP8.test(name);
    if (precision === "auto") return isFp8 ? "fp8" : "bf16";
    if (!isFp8 || precision.startsWith("fp8")) return precision;
    throw mistake(
      `precision: ${name} is FP8 by its name, not ${precision}`,
      `write fp8, or name the repository that was served`,
    );
  }
  const names = namesOf(checkpoint);
  if (precision === "auto") return names[0] ?? "bf16";
  if (names.includes(precision)) return precision;
  throw mistake(
    `precision: ${name} is stored in ${names.join(" or ")} (${checkpoint.method}), not ${precision}`,
    `write ${names[0]}, or name the repository that was served`,
  );
}

/**
 * Formats of a row's weights: as its checkpoint stores them and the GPU runs them. Where the checkpoint says nothing, those
 * of the published checkpoints of a precision: FP8 mixtures of experts are scaled by block (DeepSeek, MiniMax, Qwen3, GLM),
 * dense ones by tensor; 4-bit mixtures quantise their experts alone, gpt-oss's in mxfp4.
 */
export function rowFormats(precision: RowPrecision, model: ModelArchitecture, gpu: Gpu): RowFormats {
  const stored = model.checkpoint?.formats;
  if (stored) {
    const entries = Object.entries(stored).map(([part, format]) => [part, runnableFormat(format, gpu)]);
    return { precision: "bf16", formats: Object.fromEntries(entries) as KernelFormats };
  }
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
