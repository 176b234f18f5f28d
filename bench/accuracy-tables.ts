import { type BandFile, bandKey, fitBands } from "./error-bands";
import type { Residual } from "./evaluate";
import { type Goal, goals } from "./goals";
import { quantile } from "./quantile";
import { percent, type Table } from "./table";

/** Whether the truth lies in a band that was fitted without the row's group. */
function isCovered(residual: Residual, bands: BandFile): boolean {
  const [family, quantity, load] = (bandKey(residual) ?? "").split("/");
  const cells = bands[family as keyof BandFile]?.[quantity as keyof BandFile[keyof BandFile]];
  const band = cells?.[load as "moderate" | "saturated"] ?? cells?.moderate ?? cells?.saturated;
  const ratio = residual.measured / residual.predicted;
  return band !== undefined && ratio >= band.low && ratio <= band.high;
}

/** Covered or not, for every figure that has a band: the band is fitted on the other groups alone. */
export function coverage(residuals: readonly Residual[]): ReadonlyMap<Residual, boolean> {
  const groups = [...new Set(residuals.map(({ row }) => row.group))];
  const covered = new Map<Residual, boolean>();
  for (const group of groups) {
    const bands = fitBands(residuals.filter(({ row }) => row.group !== group));
    for (const residual of residuals)
      if (residual.row.group === group && bandKey(residual) !== undefined)
        covered.set(residual, isCovered(residual, bands));
  }
  return covered;
}

function statistics(chosen: readonly Residual[], covered: ReadonlyMap<Residual, boolean>): readonly string[] {
  const sizes = chosen.map(({ error }) => Math.abs(error));
  const banded = chosen.flatMap((residual) => covered.get(residual) ?? []);
  return [
    String(chosen.length),
    percent(quantile(sizes, 0.5)),
    percent(sizes.reduce((sum, size) => sum + size, 0) / sizes.length),
    percent(quantile(sizes, 0.9)),
    percent(Math.max(...sizes)),
    percent(
      quantile(
        chosen.map(({ error }) => error),
        0.5,
      ),
    ),
    percent(banded.filter(Boolean).length / banded.length),
  ];
}

function verdict(goal: Goal, chosen: readonly Residual[]): string {
  const sizes = chosen.map(({ error }) => Math.abs(error));
  const met =
    quantile(sizes, 0.5) <= goal.median &&
    quantile(sizes, 0.9) <= (goal.p90 ?? Number.POSITIVE_INFINITY) &&
    Math.max(...sizes) <= (goal.worst ?? Number.POSITIVE_INFINITY);
  const parts = [`median ${percent(goal.median)}`];
  if (goal.p90 !== undefined) parts.push(`p90 ${percent(goal.p90)}`);
  if (goal.worst !== undefined) parts.push(`worst ${percent(goal.worst)}`);
  return `${parts.join(", ")}: ${met ? "met" : "MISSED"}`;
}

/** Residuals under the same key, keys in the order in which they first come. */
function groupBy(
  residuals: readonly Residual[],
  keyOf: (residual: Residual) => string,
): ReadonlyMap<string, readonly Residual[]> {
  const groups = new Map<string, Residual[]>();
  for (const residual of residuals) {
    const key = keyOf(residual);
    groups.set(key, [...(groups.get(key) ?? []), residual]);
  }
  return groups;
}

const HEADER = ["n", "median", "mean", "p90", "worst", "bias", "in band"] as const;

/** Error of each goal's figures on groups left out of the fit. */
export function goalTable(residuals: readonly Residual[], covered: ReadonlyMap<Residual, boolean>): Table {
  const banded = [...covered.values()];
  const inBand = banded.filter(Boolean).length / banded.length;
  return {
    title: "Error by quantity, on groups left out of the fit",
    note: `Relative error of the prediction; bias is its signed median. The 80 % bands, fitted on the other groups, hold ${percent(inBand)} of all ${banded.length} figures (goal 75 to 90 %).`,
    header: ["quantity", ...HEADER, "goal"],
    rows: goals.map((goal) => {
      const chosen = residuals.filter(goal.holds);
      return [goal.name, ...statistics(chosen, covered), verdict(goal, chosen)];
    }),
  };
}

/** The same by engine version, precision, TP and column. */
export function groupTable(residuals: readonly Residual[], covered: ReadonlyMap<Residual, boolean>): Table {
  const groups = groupBy(residuals, ({ row: { cells, engine }, column }) => {
    return `${engine} ${cells.precision} TP${cells.tp} ${cells.arrivals}: ${column}`;
  });
  const rows = [...groups].map(([key, chosen]) => [key, ...statistics(chosen, covered)]);
  return { title: "Error by group, left out of the fit", header: ["group", ...HEADER], rows };
}

/** Errors on GPUs and model sizes that no constant was fitted on, with the band that the prediction itself printed. */
export function otherSetupsTable(residuals: readonly Residual[]): Table {
  const setups = groupBy(residuals, ({ row: { cells, engine }, column }) => {
    return `${engine}, ${cells.model}, ${cells.gpu}: ${column}`;
  });
  const inBand = new Map(
    residuals.map((residual) => {
      const [low, high] = residual.band;
      return [residual, residual.measured >= low && residual.measured <= high] as const;
    }),
  );
  return {
    title: "Other GPUs and model sizes: no constant was fitted on these",
    note: 'Dense layers on H200 are priced by the tables of H100, scaled kernel by kernel by the ratio of the rooflines; A100 has tables of its own. The least widths of the bands of H200 and of other model sizes are read from these rows, so there "in band" is no test. The H200 sweeps ran with an FP8 cache: their starved rows wait for as long as that predicts, not for twice as long.',
    header: ["setup", ...HEADER],
    rows: [...setups].map(([key, chosen]) => [key, ...statistics(chosen, inBand)]),
  };
}

/** The rows that are furthest off, with no goal for them: they are shown, not hidden. */
export function worstTable(residuals: readonly Residual[], count: number): Table {
  const worst = [...residuals].sort((a, b) => Math.abs(b.error) - Math.abs(a.error)).slice(0, count);
  return {
    title: `The ${count} worst figures`,
    header: ["row", "column", "measured", "predicted", "error"],
    rows: worst.map(({ row, column, measured, predicted, error }) => [
      row.id,
      column,
      measured.toPrecision(5),
      predicted.toPrecision(5),
      percent(error),
    ]),
  };
}
