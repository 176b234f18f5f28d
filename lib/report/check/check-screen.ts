import type { LineCheck, Refusal, Start } from "../../serving";
import { type Fit, type Plan, strategyLabel } from "../../strategy";
import {
  band,
  count,
  gibibytes,
  milliseconds,
  percent,
  plain,
  rateText,
  significant,
} from "../format-number";
import { isOverloaded } from "../overload";
import type { Cell, Table } from "../report-document";
import type { ReportOptions } from "../report-options";
import { cell } from "../sections/fact";
import { painter } from "../terminal/paint";
import { textTable } from "../terminal/text-table";
import { wrapText } from "../terminal/wrap-text";
import { lengthsText, loadText, missed } from "../verdict";
import { checkValue, missedOf, worstFirst } from "../worst-first";
import { changedFlags, defaultFlags, ownServers } from "./line-flags";

const LOAD_HINT =
  "Speed and what a plan would change: say a load, as in --rate 8, with --set slo.decode.p99Ms=100.";

/** What becomes of a line, for a terminal: one screen of 80 columns. `where` says which of a file's commands it is. */
export function checkScreen(check: LineCheck, options: ReportOptions, where?: string): string {
  const width = Math.max(60, options.width);
  const paint = painter(options.color);
  const wrapped = (text: string, tone?: Parameters<typeof paint>[1]) =>
    wrapText(text, width).map((line) => paint(line, tone));
  const list = (items: readonly string[]) =>
    items.flatMap((item) => wrapText(item, width - 2).map((line, at) => `${at === 0 ? "- " : "  "}${line}`));
  const { fit, served } = check;
  const changes = list(check.changes.map(changeText));
  const blocks: (readonly string[])[] = [
    [
      ...wrapped(titleOf(check, where), "title"),
      ...verdictLines(check).flatMap(({ text, tone }) => wrapped(text, tone)),
      ...list(check.refusals.map(refusalText)),
    ],
    [
      ...(fit === undefined ? [] : textTable({ ...memoryTable(fit, check.starts), width }, paint)),
      ...(fit === undefined ? [] : wrapped(defaultsText(check.question.line, fit), "quiet")),
      ...list(check.remarks),
    ],
    changes.length === 0 ? [] : [paint("It starts with each of these changes:", "strong"), ...changes],
    served === undefined
      ? []
      : [...textTable({ ...servedTable(served), width }, paint), ...wrapped(gainText(served))],
    check.starts && served === undefined ? wrapped(LOAD_HINT, "quiet") : [],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((each) => `${each}\n`).join(""))
    .join("\n");
}

function titleOf(
  { question: { machines, version, line }, fit }: LineCheck,
  where: string | undefined,
): string {
  const place = where === undefined ? "" : `${where}: `;
  return `${place}${fit?.model.name ?? line.model} on ${machines.name}, vLLM ${version}`;
}

const refusalText = ({ message, reason }: Refusal): string =>
  message === undefined ? reason : `${reason} vLLM prints "${message}"`;

function defaultsText(line: LineCheck["question"]["line"], fit: Fit): string {
  const flags = defaultFlags(line, fit);
  return flags.length === 0
    ? "The line leaves nothing that counts to vLLM's defaults."
    : `vLLM's defaults add ${flagsText(flags)}.`;
}

/** Flags one after the other; no line parts a flag from its value. */
const flagsText = (flags: readonly string[]): string =>
  flags.map((flag) => flag.replaceAll(" ", "\u00a0")).join(" ");

const changeText = ({ flags, kvCacheTokens, concurrency }: Start): string =>
  `${flagsText(flags)} gives ${count(kvCacheTokens)} tokens of cache and a maximum concurrency of ${concurrency.toFixed(2)}x.`;

function verdictLines({ starts, isNear, refusals, served }: LineCheck): readonly Cell[] {
  const near = isNear
    ? [
        cell(
          `The cache is near to what the longest sequence takes: within the band of these figures it may ${starts ? "not start" : "start"}.`,
          "warn",
        ),
      ]
    : [];
  if (!starts) {
    const reasons = refusals.length === 1 ? "one reason" : `${refusals.length} reasons`;
    return [cell(`✗ It does not start, for ${reasons}.`, "bad"), ...near];
  }
  if (served === undefined) return [cell("✓ It starts.", "good"), ...near];
  const load = `${loadText(served.line)} ${lengthsText(served.line.deployment.workload)}`;
  return served.line.violations.length === 0
    ? [cell(`✓ It starts, and meets every target at ${load}.`, "good"), ...near]
    : [cell(`✗ It starts, but at ${load} it misses ${missed(worstFirst(served.line))}.`, "bad"), ...near];
}

const right = (title: string) => ({ title, align: "right" as const });

/** Of a line that does not start, vLLM logs no concurrency, and maybe nothing at all. */
function memoryTable(fit: Fit, starts: boolean): Table {
  const { memory, loggedTokens, serving, strategy } = fit;
  const { tokens, low, high } = loggedTokens;
  const perGpu = strategy.gpus > 1 ? " of each GPU" : "";
  const times = (value: number) => `${(value / serving.maxModelLen).toFixed(2)}x`;
  const row = (label: string, value: string, range = "") => [cell(label), cell(value, "strong"), cell(range)];
  const others = memory.usableBytes - memory.weightsBytes - memory.kvCacheBytes;
  const parts = [
    row(`Model weights${perGpu}`, gibibytes(memory.weightsBytes)),
    row("Activations, NCCL, CUDA graphs", gibibytes(others)),
  ];
  return {
    columns: [
      { title: starts ? "as vLLM logs it" : "memory, computed" },
      right(strategyLabel(strategy)),
      right(memory.kvCacheBytes < 0 ? "" : "band"),
    ],
    rows:
      memory.kvCacheBytes < 0
        ? [...parts, row("Available KV cache memory", `none, ${gibibytes(-memory.kvCacheBytes)} short`)]
        : [
            ...parts,
            row("Available KV cache memory", gibibytes(memory.kvCacheBytes)),
            row(
              `GPU KV cache size${strategy.dataParallel > 1 ? " of each replica" : ""}`,
              `${count(tokens)} tokens`,
              band(low, high, count),
            ),
            ...(starts
              ? [
                  row(
                    `Maximum concurrency for ${count(serving.maxModelLen)} tokens`,
                    times(tokens),
                    band(low, high, times),
                  ),
                ]
              : []),
          ],
  };
}

/** As the checks call these figures. */
const CHECK_NAMES = { firstToken: "first-token", decode: "decode" } as const;
/** Checks that have a row of their own. */
const SHOWN = ["first-token-p50", "first-token-p99", "decode-p50", "decode-p99", "request-rate"];

const FIGURE_NAMES = { firstToken: "First token", decode: "Decode" } as const;

function servedTable({ line, planned }: { readonly line: Plan; readonly planned: Plan }): Table {
  const { slo } = line.deployment;
  const failed = new Set(line.violations.map(({ check }) => check));
  const shows = gains(line, planned);
  const row = (label: string, of: (plan: Plan) => string, target = "", holds = true) => [
    cell(label),
    cell(of(line), "strong"),
    ...(shows ? [cell(of(planned))] : []),
    cell(target),
    holds ? cell("") : cell("✗", "bad"),
  ];
  const latency = (of: (plan: Plan) => number) => (plan: Plan) => {
    const ms = of(plan);
    return Number.isFinite(ms) ? milliseconds(ms) : isOverloaded(plan.chosen) ? "overloaded" : "cannot run";
  };
  const most = (ms: number) => `<= ${milliseconds(ms)}`;
  return {
    columns: [
      { title: `at ${loadText(line)}` },
      right("this line"),
      // A stack with another objective may have another plan.
      ...(shows ? [right(`${planned.deployment.strategy.objective} plan`)] : []),
      right("target"),
      { title: "" },
    ],
    rows: [
      row("Strategy", (plan) => strategyLabel(plan.strategy)),
      ...(["firstToken", "decode"] as const).flatMap((name) =>
        (["p50", "p99"] as const).map((percentile) =>
          row(
            `${FIGURE_NAMES[name]} ${percentile}`,
            latency((plan) => plan.latency[name][`${percentile}Ms`]),
            most(slo[name][`${percentile}Ms`]),
            !failed.has(`${CHECK_NAMES[name]}-${percentile}`),
          ),
        ),
      ),
      row(
        "Highest rate within the targets",
        (plan) => `${significant(plan.throughput.sustainableRequestRate)}/s`,
        `>= ${plain(line.throughput.requestRate)}/s`,
        line.throughput.sustainableRequestRate >= line.throughput.requestRate,
      ),
      ...missedOf(line, SHOWN).map(({ id, label, value, target }) => {
        const other = planned.checks.find((each) => each.id === id);
        return row(label, (plan) => (plan === line ? value : other ? checkValue(other) : "-"), target, false);
      }),
    ],
  };
}

/** Gains below this are within the error of the figures. */
const WORTH = 1.05;

/** Whether a plan is worth to be shown beside a line: it has other flags, and serves more. */
function gains(line: Plan, planned: Plan): boolean {
  const differs = changedFlags(line, planned).length > 0 || ownServers(planned) !== ownServers(line);
  return (
    differs && planned.throughput.sustainableRequestRate >= line.throughput.sustainableRequestRate * WORTH
  );
}

/** What a plan that serves more gives for it: latencies that are worse beyond the error of the figures, which the table shows. */
function priceOfGain(line: Plan, planned: Plan): string {
  const isLonger = (["firstToken", "decode"] as const).some((name) =>
    (["p50Ms", "p99Ms"] as const).some((key) => planned.latency[name][key] > line.latency[name][key] * WORTH),
  );
  return isLonger ? " Some latencies get longer." : "";
}

function gainText({ line, planned }: { readonly line: Plan; readonly planned: Plan }): string {
  const own = line.throughput.sustainableRequestRate;
  const other = planned.throughput.sustainableRequestRate;
  const flags = changedFlags(line, planned);
  const servers = ownServers(planned);
  if (!gains(line, planned)) {
    return planned.chosen.meetsSlo || !line.chosen.meetsSlo
      ? "A plan of the same machines gains nothing beyond the error of these figures."
      : "No strategy of the same machines does better.";
  }
  const gain = own === 0 ? `${rateText(other)} where the line sustains none` : gainOf(other / own);
  const each = flags.length > 0 ? `, each with ${flagsText(flags)},` : "";
  const change = servers > 1 ? `As ${servers} servers of their own${each}` : `With ${flagsText(flags)}`;
  return `${change} these machines sustain ${gain} within the same targets.${priceOfGain(line, planned)}`;
}

const gainOf = (ratio: number): string =>
  ratio >= 2 ? `${significant(ratio, 2)} times the rate` : `${percent(ratio - 1)} more`;
