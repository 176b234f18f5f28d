import { z } from "zod";
import { isEngineName } from "./engine-profile";

const blankAsAbsent = (value: unknown): unknown =>
  typeof value === "string" && value.trim() === "" ? undefined : value;

/** A cell that must be there, and a cell that may be empty. */
const required = <T extends z.ZodType>(schema: T) => z.preprocess(blankAsAbsent, schema);
const optional = <T extends z.ZodType>(schema: T) => z.preprocess(blankAsAbsent, schema.optional());

const count = z.coerce.number().int().positive();
const positive = z.coerce.number().positive();
const share = z.coerce.number().min(0).max(1);
const precision = z
  .string()
  .transform((text) => text.toLowerCase().replace(/^(fp16|float16|bfloat16|half|auto)$/, "bf16"))
  .pipe(z.enum(["bf16", "fp8"], "must be bf16 or fp8"));

/** Input columns of a benchmark case; every cell is text. Columns that it does not know are ignored. */
export const caseRowSchema = z
  .object({
    id: required(z.string()),
    engine: required(z.string().refine(isEngineName, "must be vLLM, SGLang, NIM or TensorRT-LLM")),
    /** Absent: the version of the published rows of this engine. */
    engine_version: optional(z.string().transform((text) => text.replace(/^[^\d]*/, ""))),
    model: required(z.string()),
    precision: required(precision),
    kv_cache_dtype: optional(precision),
    gpu: required(z.string()),
    tp: required(count),
    pp: required(count.default(1)),
    dp: required(count.default(1)),
    isl: required(count),
    osl: required(count),
    range_ratio: optional(z.coerce.number().positive().max(1)),
    cached_prefix_tokens: optional(z.coerce.number().int().nonnegative()),
    cold_prefix_share: optional(share),
    burst_start: optional(z.coerce.number().int().nonnegative()),
    arrivals: required(z.enum(["closed", "constant", "poisson", "offline"])),
    concurrency: optional(count),
    request_rate: optional(positive),
    num_requests: optional(count),
    gpu_memory_utilization: optional(positive.max(1)),
    max_num_seqs: optional(count),
    max_num_batched_tokens: optional(count),
    max_model_len: optional(count),
  })
  .superRefine((row, context) => {
    const missing = (column: string): void =>
      context.addIssue({ code: "custom", path: [column], message: `is needed for arrivals ${row.arrivals}` });
    if (row.arrivals === "closed" && row.concurrency === undefined) missing("concurrency");
    if ((row.arrivals === "constant" || row.arrivals === "poisson") && row.request_rate === undefined)
      missing("request_rate");
  });

export type CaseRow = z.output<typeof caseRowSchema>;
