import { extname } from "node:path";
import { type Deployment, UserError } from "../../config";
import { sweepPage } from "../../report";
import { barPlot } from "../bar-plot";
import { type CommandInput, type CommandSpec, exampleOf } from "../command-spec";
import { emit, toJson } from "../emit";
import { EXIT } from "../exit-codes";
import type { Io } from "../io";
import type { OptionValues, SweepFormat } from "../options";
import { parseParam, type SweepParam } from "../parse-param";
import { strategyOverrides } from "../parse-strategy";
import { planDeployment } from "../plan-deployment";
import { readNamed } from "../read-deployment";
import { type SweepRow, sweepRow } from "../sweep-row";
import { sweepTable, sweepTableNotes } from "../sweep-table";
import { csvTable } from "../text-table";

export const sweepCommand: CommandSpec = {
  name: "sweep",
  summary: "plan with a config key at several values",
  arguments: [],
  options: ["param", "stack", "file", "model", "set", "strategy", "table", "json", "out"],
  examples: [
    ["shardplan sweep --param workload.requestRate=2,4,8,16", "where do the targets break?"],
    [
      "shardplan sweep --param workload.requestRate=4..20:4 --format plot",
      "p99 latencies as bars against their targets",
    ],
    [
      "shardplan sweep --param workload.requestRate=8,16 --out sweep.html",
      "two rates side by side on a page; .svg draws the latencies alone",
    ],
    [
      "shardplan sweep --param strategy.objective=latency,throughput,cost --strategy auto --format csv",
      "what each objective would choose, for a spreadsheet",
    ],
  ],
  run({ options }: CommandInput, io: Io) {
    if (options.param === undefined) {
      throw new UserError({
        code: "sweep-param",
        where: "sweep",
        message: "--param is needed",
        hint: exampleOf(sweepCommand),
      });
    }
    const param = parseParam(options.param);
    const format = sweepFormat(options);
    const deployments = param.values.map((value) => deploymentAt(param.key, value, options, io));
    const plans = deployments.map((deployment, index) => {
      const value = param.values[index] ?? "";
      const name = `${index + 1} of ${deployments.length}: ${param.key}=${value}`;
      return { row: sweepRow(value, planDeployment({ name, deployment }, io)), slo: deployment.slo };
    });
    const sweep = { param, plans, rows: plans.map(({ row }) => row), width: io.width };
    emit(RENDER[format](sweep), options, io);
    if (format === "table") for (const line of sweepTableNotes(sweep)) io.talk(line);
    return EXIT.met;
  },
};

/** Every value is read before the first plan, so that a mistake in the last one shows at once. */
function deploymentAt(key: string, value: string, options: OptionValues, io: Io): Deployment {
  const overrides = strategyOverrides([...options.set, `${key}=${value}`], options.strategy);
  try {
    return readNamed(options, overrides, io).deployment;
  } catch (error) {
    throw inParam(error, `${key}=${value}`);
  }
}

/** The user typed the value behind --param: the error says so. */
function inParam(error: unknown, setting: string): unknown {
  const typed = `--set ${setting}: `;
  if (!(error instanceof UserError) || !error.message.includes(typed)) return error;
  const { code, hint } = error;
  const message = error.message.replace(typed, "");
  return new UserError({ code, where: `--param ${setting}`, message, hint, cause: error });
}

const FORMAT_OF_ENDING: Readonly<Record<string, SweepFormat>> = {
  ".csv": "csv",
  ".json": "json",
  ".html": "html",
  ".htm": "html",
  ".svg": "svg",
  ".txt": "table",
  "": "table",
};

/** What `--format` or the ending of `--out` asks for. Throws `UserError` for an ending that promises another format. */
function sweepFormat(options: OptionValues): SweepFormat {
  if (options.json) return "json";
  const ending = extname(options.out ?? "").toLowerCase();
  const format = FORMAT_OF_ENDING[ending];
  if (options.table === "plot" && (format === "html" || format === "svg")) return format;
  if (options.table !== undefined) return options.table;
  if (format !== undefined) return format;
  throw new UserError({
    code: "unknown-ending",
    where: options.out ?? "",
    message: `no result of a sweep has the ending ${ending}`,
    hint: "end it with .html, .svg, .csv, .json or .txt, or say the format with --format",
  });
}

interface Sweep {
  readonly param: SweepParam;
  /** The row of each value with its targets, which may be what is swept. */
  readonly plans: readonly { readonly row: SweepRow; readonly slo: Deployment["slo"] }[];
  readonly rows: readonly SweepRow[];
  readonly width: number;
}

const RENDER: Readonly<Record<SweepFormat, (sweep: Sweep) => string>> = {
  json: ({ param, rows }) => toJson({ param: param.key, rows }),
  csv: ({ param, rows }) =>
    csvTable(
      [param.key, ...CSV_COLUMNS],
      rows.map((row) => [row.value, ...CSV_COLUMNS.map((column) => cellText(row[column]))]),
    ),
  table: sweepTable,
  plot: plots,
  html: (sweep) => drawn(sweep, "html"),
  svg: (sweep) => drawn(sweep, "svg"),
};

function drawn({ param, plans }: Sweep, format: "html" | "svg"): string {
  const swept = plans.map(({ row, slo }) => ({
    ...row,
    limits: { prefillMs: slo.prefill.p99Ms, firstTokenMs: slo.firstToken.p99Ms, decodeMs: slo.decode.p99Ms },
  }));
  return sweepPage({ key: param.key, plans: swept }, format);
}

const CSV_COLUMNS = [
  "meets",
  "strategy",
  "prefillP99Ms",
  "firstTokenP50Ms",
  "firstTokenP99Ms",
  "decodeP50Ms",
  "decodeP99Ms",
  "sustainableRequestRate",
  "outputTokensPerSecondPerGpu",
  "demandFraction",
  "usdPerMillionOutputTokens",
  "servedAtMostRequestRate",
  "queueGrowthPerMinute",
  "misses",
] as const satisfies readonly (keyof SweepRow)[];

function cellText(value: SweepRow[keyof SweepRow]): string {
  if (value === null) return "";
  return Array.isArray(value) ? value.join(" ") : String(value);
}

function plots({ param, rows, plans: [first], width }: Sweep): string {
  const slo = first?.slo;
  if (slo === undefined) return "";
  const plotOf = (what: string, limit: number, value: (row: SweepRow) => number | null) =>
    barPlot(
      {
        title: `${what} in ms by ${param.key}`,
        bars: rows.map((row) => ({ label: row.value, value: value(row) })),
        limit,
      },
      width,
    );
  return [
    plotOf("prefill p99", slo.prefill.p99Ms, (row) => row.prefillP99Ms),
    plotOf("first token p99", slo.firstToken.p99Ms, (row) => row.firstTokenP99Ms),
    plotOf("decode p99", slo.decode.p99Ms, (row) => row.decodeP99Ms),
  ].join("\n");
}
