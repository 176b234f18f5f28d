import { type Deployment, UserError } from "../../config";
import { barPlot } from "../bar-plot";
import type { CommandInput, CommandSpec } from "../command-spec";
import { emit, toJson } from "../emit";
import { EXIT } from "../exit-codes";
import type { Io } from "../io";
import type { OptionValues, SweepFormat } from "../options";
import { parseParam, type SweepParam } from "../parse-param";
import { strategyOverrides } from "../parse-strategy";
import { planDeployment } from "../plan-deployment";
import { readNamed } from "../read-deployment";
import { type SweepRow, sweepRow } from "../sweep-row";
import { alignedTable, csvTable } from "../text-table";

export const sweepCommand: CommandSpec = {
  name: "sweep",
  summary: "plan with a config key at several values",
  arguments: [],
  options: ["param", "stack", "file", "set", "strategy", "table", "json", "out"],
  examples: [
    ["shardplan sweep --param workload.requestRate=2,4,8,16", "where do the targets break?"],
    [
      "shardplan sweep --param workload.requestRate=4..20:4 --format plot",
      "p99 latencies as bars against their targets",
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
        hint: "as in --param workload.requestRate=2,4,8",
      });
    }
    const param = parseParam(options.param);
    const deployments = param.values.map((value) => deploymentAt(param.key, value, options, io));
    const rows = deployments.map((deployment, index) => {
      const value = param.values[index] ?? "";
      const name = `${index + 1} of ${deployments.length}: ${param.key}=${value}`;
      return sweepRow(value, planDeployment({ name, deployment }, io));
    });
    const format = options.json ? "json" : (options.table ?? formatOfEnding(options.out));
    emit(RENDER[format]({ param, rows, slo: deployments[0]?.slo, width: io.width }), options, io);
    if (format === "table") for (const line of TABLE_UNITS) io.talk(line);
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

function formatOfEnding(out: string | undefined): SweepFormat {
  if (out?.endsWith(".csv")) return "csv";
  return out?.endsWith(".json") ? "json" : "table";
}

interface Sweep {
  readonly param: SweepParam;
  readonly rows: readonly SweepRow[];
  readonly slo: Deployment["slo"] | undefined;
  readonly width: number;
}

const RENDER: Readonly<Record<SweepFormat, (sweep: Sweep) => string>> = {
  json: ({ param, rows }) => toJson({ param: param.key, rows }),
  csv: ({ param, rows }) =>
    csvTable(
      [param.key, ...CSV_COLUMNS],
      rows.map((row) => [row.value, ...CSV_COLUMNS.map((column) => cellText(row[column]))]),
    ),
  table: ({ param, rows }) => alignedTable(tableHeader(param.key), rows.map(tableRow)),
  plot: plots,
};

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

function tableHeader(key: string): string[] {
  const name = key.slice(key.lastIndexOf(".") + 1);
  return [
    name,
    "strategy",
    "TTFT p50",
    "TTFT p99",
    "dec. p50",
    "dec. p99",
    "max/s",
    "tok/s/GPU",
    "$/M",
    "misses",
  ];
}

function tableRow(row: SweepRow): string[] {
  return [
    row.value,
    row.strategy,
    figure(row.firstTokenP50Ms, 0),
    figure(row.firstTokenP99Ms, 0),
    figure(row.decodeP50Ms, 1),
    figure(row.decodeP99Ms, 1),
    figure(row.sustainableRequestRate, 1),
    figure(row.outputTokensPerSecondPerGpu, 0),
    figure(row.usdPerMillionOutputTokens, 2),
    missesText(row.misses),
  ];
}

/** The first check that fails and how many more, so that the table keeps within 100 columns; CSV and JSON have them all. */
function missesText(misses: readonly string[]): string {
  return misses.length < 2 ? misses.join("") : `${misses[0]} +${misses.length - 1}`;
}

/** What the short titles mean: beside the table, not in it, so that the table can be piped. */
const TABLE_UNITS: readonly string[] = [
  "TTFT: time to first token, dec.: gap between tokens, both in ms; max/s: highest rate within the targets;",
  "$/M: price of a million output tokens at the row's load. --format csv has every requirement that fails.",
];

function figure(value: number | null, digits: number): string {
  return value === null ? "-" : value.toFixed(digits);
}

function plots({ param, rows, slo, width }: Sweep): string {
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
