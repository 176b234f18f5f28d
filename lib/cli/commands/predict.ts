import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { gpusMeant, readModelConfig } from "../../catalog";
import { inBackticks, readModelConfigFile, UserError } from "../../config";
import { type CaseResult, laterStages, predictCase } from "../../performance";
import type { CommandSpec } from "../command-spec";
import { emit } from "../emit";
import { EXIT } from "../exit-codes";
import type { Io } from "../io";
import { type CaseLine, readCaseLines } from "../read-case-lines";

export const predictCommand: CommandSpec = {
  name: "predict",
  summary: "predict benchmark cases: one JSON object a line",
  arguments: [{ usage: "<cases.csv>", description: "cases, one a row under named columns; - reads stdin" }],
  options: ["models", "json", "out"],
  notes: [
    `The header names the columns, in any order; columns that are not known are ignored, so measured values may stand
beside them. A row with a mistake gets a line with \`error\`, and the exit code is 1.`,
    `Needed: engine (vLLM, SGLang, NIM or TensorRT-LLM), model, precision (bf16, fp8, fp8_block, int8,
int4, fp4, mxfp4 or nvfp4 as served, or auto: as the checkpoint stores it; another one than a quantised checkpoint has is a
mistake), gpu (a name of ${inBackticks("hardware")}), tp, isl and osl (tokens of prompt and output), arrivals (closed, constant, poisson or offline);
for closed also concurrency (requests in flight), for constant and poisson also request_rate (a second).`,
    `May be left out or empty: id, engine_version and kv_cache_dtype (those of the published rows), pp and dp (1), range_ratio
(lengths from this share of isl and osl up to them), cached_prefix_tokens, cold_prefix_share (share of requests whose prefix
is not cached yet), burst_start (requests that arrive at once at the start), num_requests, gpu_memory_utilization,
max_num_seqs, max_num_batched_tokens and max_model_len (those of the engine), async (asynchronous scheduling: true or false),
model_config (path of a config.json, from the folder of the cases, for a model that the catalogue lacks; with --models the
file of that name there: ORGANISATION/NAME/config.json, ORGANISATION--NAME/config.json, NAME/config.json, or one of these as NAME.json), attention_dp (ranks
of data-parallel attention that share their experts), moe_ep (ranks that hold whole experts) and moe_tp (ranks that cut
each expert; held against the others).
Rows that differ in nothing but request_rate are read as stages of one run.`,
  ],
  examples: [
    ["shardplan predict cases.csv", "ttft, itl and output_tok_s with 80 % bands, one line per row"],
    ["shardplan predict - < cases.csv | jq -r '[.id, .ttft_ms_mean] | @tsv'", "as columns"],
  ],
  run({ args: [path = "-"], options }, io) {
    requireModels(options.models);
    const lines = readCaseLines(path, io);
    const later = laterStages(lines.map((line) => ("cells" in line ? line.cells : {})));
    const printed: string[] = [];
    let mistakes = 0;
    sayTakenGpus(lines, io);
    for (const [index, line] of lines.entries()) {
      io.progress(`${index + 1} of ${lines.length}: ${line.id} ...`);
      const result = predictLine(line, {
        isLaterStage: later[index] ?? false,
        folder: dirname(path),
        ...(options.models === undefined ? {} : { models: options.models }),
      });
      io.progress("");
      // Each answer is shown when it is there, unless a file gets them all.
      if (options.out === undefined) io.out(jsonLine(result));
      else printed.push(jsonLine(result));
      if ("error" in result) {
        mistakes++;
        io.talk(`${path}: ${result.id}: ${result.error}`);
      }
    }
    if (options.out !== undefined) emit(printed.join(""), options, io);
    return mistakes === 0 ? EXIT.met : EXIT.mistake;
  },
};

/** A folder that is not there would leave every row to the catalogue in silence. */
function requireModels(folder: string | undefined): void {
  if (folder === undefined || statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new UserError({
    code: "models-folder",
    where: `--models ${folder}`,
    message: "there is no such folder",
    hint: "give the folder of the config.json files",
  });
}

/** Rows of benchmarks say H100: which of the catalogue's is taken is said once for each name. */
function sayTakenGpus(lines: readonly CaseLine[], io: Io): void {
  const names = lines.flatMap((line) => ("cells" in line ? (line.cells.gpu ?? []) : []));
  for (const name of new Set(names)) {
    const [taken, ...others] = gpusMeant(name).map((gpu) => gpu.name);
    if (others.length > 0) io.talk(`gpu ${name} is taken as ${taken}; it may also be ${others.join(" or ")}`);
  }
}

interface LineContext {
  readonly isLaterStage: boolean;
  /** Where a relative `model_config` starts from. */
  readonly folder: string;
  /** Folder of config.json files by the names of their models. */
  readonly models?: string;
}

/** The config.json of a model in a folder of them: as git clones of repositories lie there, or as single files. */
function configIn(folder: string, model: string): string | undefined {
  const name = model.split("/").at(-1) ?? model;
  const names = [model, model.replaceAll("/", "--"), name];
  return names
    .flatMap((each) => [join(folder, each, "config.json"), join(folder, `${each}.json`)])
    .find((path) => existsSync(path));
}

function predictLine(line: CaseLine, { isLaterStage, folder, models }: LineContext): CaseResult {
  if (!("cells" in line)) return line;
  const { model: name, model_config: file } = line.cells;
  const own = models === undefined || name === undefined ? undefined : configIn(models, name);
  const path = file ? resolve(folder, file) : own;
  if (path === undefined) return predictCase(line.cells, { isLaterStage });
  try {
    const model = readModelConfig(readModelConfigFile({ configPath: path }), name);
    return predictCase(line.cells, { isLaterStage, model });
  } catch (error) {
    if (error instanceof UserError) return { id: line.id, error: `model_config: ${error.message}` };
    throw error;
  }
}

/** What is not finite is null in JSON. */
function jsonLine(result: CaseResult): string {
  return `${JSON.stringify(result)}\n`;
}
