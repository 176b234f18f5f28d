import { UserError } from "../../config";
import type { Plan, Provenance } from "../../strategy";
import { planCommands } from "../json/plan-commands";
import { planJson } from "../json/plan-json";
import { figureProvenance } from "./figure-provenance";
import { figureText } from "./figure-text";
import { nearestFigures } from "./nearest-figures";
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
  readonly inputs: Readonly<Record<string, string>>;
  readonly source: string;
}

/**
 * Derivation of one figure of the plan's JSON, such as `memoryPerGpu.weightsBytes`; a path to an object explains
 * every figure below it.
 * @throws UserError that names the nearest figures when there is no such figure.
 */
export function explain(plan: Plan, figure: string): readonly Explanation[] {
  const figures = numericFigures(planJson(plan, planCommands(plan)));
  const wanted = figure.replaceAll("[", ".").replaceAll("]", "");
  const found = figures.filter(([path]) => path === wanted || path.startsWith(`${wanted}.`));
  if (found.length === 0) throw unknownFigure(figure, figures);
  const provenance = figureProvenance(plan);
  return found.flatMap(([path, value]) => {
    const entry = provenance(path);
    if (entry === undefined) return [];
    const { kind, formula, inputs, source } = entry;
    return [{ figure: path, value, text: figureText(path, value), kind, formula, inputs, source }];
  });
}

/** Explanations as text for a terminal. */
export function renderExplanation(explanations: readonly Explanation[]): string {
  return explanations
    .map((explanation) => {
      const inputs = Object.entries(explanation.inputs).map(([name, value]) => `    ${name} = ${value}`);
      return [
        `${explanation.figure} = ${explanation.text}`,
        `  how      ${explanation.kind}: ${explanation.formula}`,
        ...(inputs.length > 0 ? ["  inputs", ...inputs] : []),
        `  source   ${explanation.source}`,
      ].join("\n");
    })
    .join("\n\n");
}

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
