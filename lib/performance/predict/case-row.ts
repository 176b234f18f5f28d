import { z } from "zod";
import { ENGINE_NAMES, engineName } from "../engine/engine-profile";

const blankAsAbsent = (value: unknown): unknown =>
  typeof value === "string" && value.trim() === "" ? undefined : value;

/** A cell that must be there, and a cell that may be empty. */
const required = <T extends z.ZodType>(schema: T) => z.preprocess(blankAsAbsent, schema);
const optional = <T extends z.ZodType>(schema: T) => z.preprocess(blankAsAbsent, schema.optional());

/**
 * Largest sizes that are simulated: beyond them a row is a slip of the pen, and would take minutes or all memory. The
 * number of requests is what one simulated run may hold.
 */
const MOST = { tokens: 10_000_000, requests: 1_000_000, clients: 100_000, ranks: 1024 } as const;

/** A cell that is no number in range says what it should be, and predictCase what it is. */
const wholeFrom = (least: number, most: number) => {
  const message = `must be a whole number from ${least} to ${most}`;
  return z.coerce.number(message).int(message).min(least, message).max(most, message);
};
const tokens = wholeFrom(1, MOST.tokens);
const ranks = wholeFrom(1, MOST.ranks);
const positive = z.coerce.number("must be a number above 0").positive("must be a number above 0");
/** A benchmark without a rate of its own writes `inf`: as good as an empty cell. */
const rate = z.preprocess(
  (value) => (typeof value === "string" && /^\s*inf(inity)?\s*$/i.test(value) ? undefined : value),
  positive.optional(),
);
const shareFrom = (least: "0" | "above 0") => {
  const message = `must be ${least === "0" ? "from 0" : "above 0"} to 1`;
  const upToOne = z.coerce.number(message).max(1, message);
  return least === "0" ? upToOne.min(0, message) : upToOne.positive(message);
};
const lowerCase = z
  .string()
  .transform((text) => text.toLowerCase().replace(/^(fp16|float16|bfloat16|half)$/, "bf16"));
const cacheDtype = lowerCase
  .transform((text) => text.replace(/^fp8_e4m3$/, "fp8").replace(/^auto$/, "bf16"))
  .pipe(z.enum(["bf16", "fp8"], "must be bf16 or fp8"));
/** How the weights are stored; `fp4` is mxfp4 or nvfp4, as the model's checkpoint is, and `auto` as it is whatever that is. */
const WEIGHTS = ["bf16", "fp8", "fp8_block", "int8", "int4", "fp4", "mxfp4", "nvfp4", "auto"] as const;
const precision = lowerCase.pipe(z.enum(WEIGHTS, `must be one of ${WEIGHTS.join(", ")}`));
/** Benchmarks write 1, true or on. */
const flag = z
  .string()
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.enum(["1", "0", "true", "false", "on", "off"], "must be true or false"))
  .transform((text) => ["1", "true", "on"].includes(text));

/** Input columns of a benchmark case; every cell is text. Columns that it does not know are ignored. */
export const caseRowSchema = z
  .object({
    id: required(z.string()),
    engine: required(
      z
        .string()
        .transform((text) => engineName(text) ?? text)
        .pipe(z.enum(ENGINE_NAMES, "must be vLLM, SGLang, NIM or TensorRT-LLM")),
    ),
    /** Absent: the version of the published rows of this engine. */
    engine_version: optional(
      z
        .string()
        .regex(/^v?\d/, "must be a version such as 0.15.1")
        .transform((text) => text.replace(/^v/, "")),
    ),
    model: required(z.string()),
    precision: required(precision),
    kv_cache_dtype: optional(cacheDtype),
    gpu: required(z.string()),
    tp: required(ranks),
    pp: required(ranks.default(1)),
    dp: required(ranks.default(1)),
    isl: required(tokens),
    osl: required(tokens),
    range_ratio: optional(shareFrom("above 0")),
    cached_prefix_tokens: optional(wholeFrom(0, MOST.tokens)),
    cold_prefix_share: optional(shareFrom("0")),
    burst_start: optional(wholeFrom(0, MOST.requests)),
    arrivals: required(
      z.enum(["closed", "constant", "poisson", "offline"], "must be closed, constant, poisson or offline"),
    ),
    concurrency: optional(wholeFrom(1, MOST.clients)),
    request_rate: optional(rate),
    num_requests: optional(wholeFrom(1, MOST.requests)),
    gpu_memory_utilization: optional(shareFrom("above 0")),
    max_num_seqs: optional(wholeFrom(1, MOST.requests)),
    max_num_batched_tokens: optional(tokens),
    max_model_len: optional(tokens),
    /** Path of the model's config.json, for models that the catalogue lacks. */
    model_config: optional(z.string()),
    /** Ranks over which each expert is cut, and over which whole experts are spread: their product is tp x attention_dp. */
    moe_tp: optional(ranks),
    moe_ep: optional(ranks),
    /** Ranks of data-parallel attention that share their experts. */
    attention_dp: optional(ranks),
    /** Asynchronous scheduling; absent: where the version has it. */
    async: optional(flag),
  })
  .superRefine((row, context) => {
    const missing = (column: string): void =>
      context.addIssue({ code: "custom", path: [column], message: `is needed for arrivals ${row.arrivals}` });
    if (row.arrivals === "closed" && row.concurrency === undefined) missing("concurrency");
    if (isOpen(row) && row.request_rate === undefined) missing("request_rate");
  });

export type CaseRow = z.output<typeof caseRowSchema>;

/** Requests come at a rate; a rate beside other arrivals means nothing and is not read. */
export const isOpen = ({ arrivals }: { readonly arrivals?: string | undefined }): boolean =>
  arrivals === "constant" || arrivals === "poisson";
