import { inBackticks, UserError } from "../../config";
import { type Plan, type Provenance, strategyLabel } from "../../strategy";
import { inputText } from "../format-number";
import { planCommands } from "../json/plan-commands";
import { type Json, planJson } from "../json/plan-json";
import { overloadOfCandidate, overloadText } from "../overload";
import { wrapText } from "../terminal/wrap-text";
import { type FigureProvenance, figureProvenance } from "./figure-provenance";
import { figureText } from "./figure-text";
import { nearestFigures, otherName } from "./nearest-figures";
import { numericFigures } from "./numeric-figures";

/** The derivation of one figure. */
export interface Explanation {
  /** Dotted path in the JSON. */
  readonly figure: string;
  readonly value: number;
  /** The value with its unit. */
  readonly text: string;
  readonly kind: Provenance["kind"];
  readonly formula: string;
  readonly inputs: Provenance["inputs"];
  readonly source: string;
  /** The 80 % error band, where the figure has one, and what its width was measured on. */
  readonly band?: {
    readonly low: number;
    readonly high: number;
    readonly text: string;
    readonly source: string;
  };
}

/**
 * Derivation of one figure of the plan's JSON, such as `memoryPerGpu.weightsBytes`; a path to an object explains
 * every figure below it. What the field calls otherwise is found by that name, too: `ttft`, `tpot.p99`.
 * @throws UserError that names the nearest figures when there is no such figure.
 */
export function explain(plan: Plan, figure: string): readonly Explanation[] {
  const json = planJson(plan, planCommands(plan));
  const figures = numericFigures(json);
  const wanted = otherName(figure) ?? figure.replaceAll("[", ".").replaceAll("]", "");
  const found = figures.filter(([path]) => path === wanted || path.startsWith(`${wanted}.`));
  if (found.length === 0) {
    throw statedAsText(json, wanted) ?? withoutValue(plan, json, wanted) ?? unknownFigure(figure, figures);
  }
  const provenance = figureProvenance(plan);
  const values = new Map(figures);
  return found.flatMap(([path, value]) => {
    const entry = provenance(path);
    if (entry === undefined) return [];
    const { kind, formula, inputs, source } = entry;
    const explanation = { figure: path, value, text: figureText(path, value), kind, formula, inputs, source };
    const band = bandOf(path, values, provenance);
    return [band === undefined ? explanation : { ...explanation, band }];
  });
}

/** `p50Ms` has its band in `p50LowMs` and `p50HighMs`, `kvCacheTokens` in `kvCacheTokensLow` and `kvCacheTokensHigh`. */
function bandOf(
  path: string,
  values: ReadonlyMap<string, number>,
  provenance: FigureProvenance,
): Explanation["band"] {
  const edge = (name: string) => (path.endsWith("Ms") ? path.replace(/Ms$/, `${name}Ms`) : `${path}${name}`);
  const [low, high] = [values.get(edge("Low")), values.get(edge("High"))];
  if (low === undefined || high === undefined) return undefined;
  const text = `${figureText(path, low)} to ${figureText(path, high)}`;
  return { low, high, text, source: provenance(edge("High"))?.source ?? "" };
}

/** Explanations as text for a terminal of `width` columns; without one no line is broken. */
export function renderExplanation(
  explanations: readonly Explanation[],
  width = Number.POSITIVE_INFINITY,
): string {
  return explanations
    .map((explanation) => {
      const inputs = Object.entries(explanation.inputs).map(
        ([name, value]) => `    ${name} = ${inputText(value)}`,
      );
      return [
        `${explanation.figure} = ${explanation.text}`,
        ...(explanation.band === undefined ? [] : [`  band     ${explanation.band.text} (80 %)`]),
        ...labelled("how", `${explanation.kind}: ${explanation.formula}`, width),
        ...(inputs.length > 0 ? ["  inputs", ...inputs] : []),
        ...labelled("source", explanation.source, width),
        ...(explanation.band === undefined ? [] : labelled("of band", explanation.band.source, width)),
      ].join("\n");
    })
    .join("\n\n");
}

const LABEL_COLUMNS = 11;

/** A label and its text, which goes on below itself where it is longer than a line. */
const labelled = (label: string, text: string, width: number): readonly string[] =>
  wrapText(text, width - LABEL_COLUMNS).map(
    (line, i) => `${(i === 0 ? `  ${label}` : "").padEnd(LABEL_COLUMNS)}${line}`,
  );

/** The path leads to a word or a yes or no: there is no formula, but it is there. */
function statedAsText(json: Json, path: string): UserError | undefined {
  const value = path.split(".").reduce<Json | undefined>(childOf, json);
  if (typeof value !== "string" && typeof value !== "boolean") return undefined;
  return new UserError({
    code: "no-figure",
    where: path,
    message: `is no number but ${JSON.stringify(value)}`,
    hint: "only figures have a formula",
  });
}

/** The path is one of the plan's, but nothing stands there: too much is asked of the strategy, or it cannot run. */
function withoutValue(plan: Plan, json: Json, path: string): UserError | undefined {
  const [, index] = /^candidates\.(\d+)\./.exec(path) ?? [];
  const candidate = index === undefined ? plan.chosen : plan.candidates[Number(index)];
  const isKnown = /^(latency|communication|balance|simulation|cost|tokensPerSecondPerUser)\b/.test(
    path.replace(/^candidates\.\d+\./, ""),
  );
  const stands = path.split(".").reduce<Json | undefined>(childOf, json) !== undefined;
  if (candidate === undefined || !(isKnown || stands)) return undefined;
  const overload = overloadOfCandidate(candidate);
  if (overload === undefined && candidate.feasible) return undefined;
  const label = strategyLabel(candidate.strategy);
  return new UserError({
    code: "no-figure",
    where: path,
    message:
      overload === undefined
        ? `${label} cannot run, so it has no such figure. ${withoutStop(candidate.reasons.join(" "))}`
        : `${label} is overloaded: it ${overloadText(overload)}. What waits longer the longer the load lasts has no such figure`,
    hint: `${inBackticks("plan")} prints the changes that pass`,
  });
}

/** A message ends without a full stop: what to do follows it. */
const withoutStop = (text: string): string => text.replace(/\.$/, "");

const childOf = (json: Json | undefined, key: string): Json | undefined =>
  json !== null && typeof json === "object"
    ? Object.entries(json).find(([name]) => name === key)?.[1]
    : undefined;

function unknownFigure(figure: string, figures: readonly (readonly [string, number])[]): UserError {
  const near = nearestFigures(
    figure,
    figures.map(([path]) => path),
  );
  return new UserError({
    code: "unknown-figure",
    where: figure,
    message: "no such figure in the plan",
    hint: `nearest: ${near.join(", ")}; \`plan --format json\` shows all`,
  });
}
