import { findModel } from "../lib/catalog";
import { type CalibratedConstants, type ConstantName, calibrated, modelKind } from "../lib/performance";
import { predictRow, type Residual, residualsOf } from "./evaluate";
import { type Fit, type Linearized, solveConstants } from "./fit";
import type { MeasuredCase } from "./read-cases";

const kindOf = (row: MeasuredCase) => modelKind(findModel(row.cells.model ?? ""));
const isBlackwell = (row: MeasuredCase) => /^G?B[23]00/.test(row.cells.gpu ?? "");
const isMixture = (row: MeasuredCase) => kindOf(row) !== "dense";

/** A constant, its finite difference, and the rows that it can move. */
interface ScopedConstant {
  readonly name: ConstantName;
  readonly step: number;
  /** Neutral: chosen before any pair was left out, so that a fit without a pair starts from nothing that the pair said. */
  readonly start: number;
  readonly touches: (row: MeasuredCase) => boolean;
}

const ofKind = (
  kind: "mixture" | "windowed" | "latent",
  start: { prefill: number; dispatch: number },
): readonly ScopedConstant[] => {
  const touches = (row: MeasuredCase) => kindOf(row) === kind;
  return [
    { name: `${kind}PrefillFactor`, step: 0.1, start: start.prefill, touches },
    { name: `${kind}DecodeFactor`, step: 0.05, start: 1, touches },
    { name: `${kind}DispatchMsPerLayer`, step: 0.1, start: start.dispatch, touches },
  ];
};

/** The constants that these rows decide. */
export const FREE: readonly ScopedConstant[] = [
  { name: "mixtureHostMsPerSequence", step: 0.002, start: 0.002, touches: isMixture },
  { name: "blackwellPrefillFactor", step: 0.1, start: 1.2, touches: isBlackwell },
  { name: "blackwellDecodeFactor", step: 0.05, start: 0.97, touches: isBlackwell },
  {
    name: "blackwellDispatchMsPerLayer",
    step: 0.1,
    start: 0.7,
    touches: (row) => isBlackwell(row) && !isMixture(row),
  },
  {
    name: "blackwellMixtureDispatchFactor",
    step: 0.1,
    start: 0.55,
    touches: (row) => isBlackwell(row) && kindOf(row) === "mixture",
  },
  ...ofKind("mixture", { prefill: 1.3, dispatch: 1.15 }),
  ...ofKind("windowed", { prefill: 1.3, dispatch: 0.6 }),
  ...ofKind("latent", { prefill: 1.05, dispatch: 0.8 }),
];

/** First tokens of the same setup differ by some 10 % between versions and hosts, gaps by half of that. */
const SCALE = { ttft_ms_mean: 0.1, itl_ms_mean: 0.05 } as const;

/** What kinds of models and generations of GPUs do beside the measured kernels, fitted on all pairs at once. */
export const otherPairsFit = (rows: readonly MeasuredCase[]): Fit => ({
  name: "kinds of models and GPUs, vLLM",
  rows,
  scale: SCALE,
  free: FREE,
});

const logErrors = (row: MeasuredCase, constants: CalibratedConstants) =>
  residualsOf(row, predictRow(row, constants)).flatMap(({ column, predicted, measured }) => {
    const scale = SCALE[column as keyof typeof SCALE];
    return scale === undefined ? [] : [Math.log(predicted / measured) / scale];
  });

/** As `linearize`, leaving out the derivatives that are zero: a constant of a kind moves the rows of that kind alone. */
function linearizeScoped(fit: Fit, at: CalibratedConstants, by: (row: MeasuredCase) => string): Linearized {
  const residuals = fit.rows.flatMap((row) => {
    const base = logErrors(row, at);
    const slopes = FREE.map(({ name, step, touches }) => {
      if (!touches(row)) return base.map(() => 0);
      const moved = logErrors(row, { ...at, [name]: at[name] + step });
      return base.map((value, i) => ((moved[i] ?? value) - value) / step);
    });
    return base.map((value, i) => ({
      group: by(row),
      value,
      slopes: slopes.map((each) => each[i] ?? 0),
    }));
  });
  return { fit, at, residuals };
}

/** Kinds that no remaining row is of take the constants of plain mixtures. */
function borrowed(constants: CalibratedConstants, rest: readonly MeasuredCase[]): CalibratedConstants {
  const missing = (["windowed", "latent"] as const).filter(
    (kind) => !rest.some((row) => kindOf(row) === kind),
  );
  const pairs = missing.flatMap((kind) =>
    (["PrefillFactor", "DecodeFactor", "DispatchMsPerLayer"] as const).map(
      (part) => [`${kind}${part}`, constants[`mixture${part}`]] as const,
    ),
  );
  return { ...constants, ...Object.fromEntries(pairs) };
}

/** What leaving out groups, or whole pairs, gives. */
export interface OtherPairs {
  readonly all: CalibratedConstants;
  readonly folds: ReadonlyMap<string, CalibratedConstants>;
  readonly groupsLeftOut: readonly Residual[];
  readonly pairsLeftOut: readonly Residual[];
}

/** Fits on all rows, and predicts each with its group, and with its pair, left out. */
export function crossValidatePairs(rows: readonly MeasuredCase[], log: (line: string) => void): OtherPairs {
  const fit = otherPairsFit(rows);
  log(`${fit.name}: ${rows.length} rows, ${FREE.length} constants`);
  const neutralConstants: CalibratedConstants = {
    ...calibrated,
    ...Object.fromEntries(FREE.map(({ name, start }) => [name, start])),
  };
  let at = neutralConstants;
  for (let pass = 0; pass < 2; pass++) at = solveConstants(linearizeScoped(fit, at, (row) => row.group));
  const linearized = linearizeScoped(fit, at, (row) => row.group);
  const all = solveConstants(linearized);
  for (const { name } of FREE) log(`  ${name} ${all[name].toFixed(4)}`);
  const groups = [...new Set(rows.map(({ group }) => group))];
  const folds = new Map(groups.map((group) => [group, solveConstants(linearized, group)] as const));
  const groupsLeftOut = rows.flatMap((row) => residualsOf(row, predictRow(row, folds.get(row.group))));
  // Linearised around neutral values, so that a pair that is left out has not moved the point.
  const neutral = linearizeScoped(fit, neutralConstants, (row) => row.pair);
  const pairsLeftOut = [...new Set(rows.map(({ pair }) => pair))].flatMap((pair) => {
    const rest = rows.filter((row) => row.pair !== pair);
    const constants = borrowed(solveConstants(neutral, pair), rest);
    return rows
      .filter((row) => row.pair === pair)
      .flatMap((row) => residualsOf(row, predictRow(row, constants)));
  });
  return { all, folds, groupsLeftOut, pairsLeftOut };
}
