import * as format from "../format-number";

/** Formats a figure by the unit in its name: `weightsBytes`, `p99Ms`, `usdPerHour`, `gpuUtilization`. */
export function figureText(figure: string, value: number): string {
  const name = figure.split(".").at(-1) ?? figure;
  const rule = units.find(([pattern]) => pattern.test(name));
  return rule === undefined ? format.plain(value) : rule[1](value);
}

const units: readonly (readonly [RegExp, (value: number) => string])[] = [
  [/BytesPerSecond$/, format.bytesPerSecond],
  [/FlopsPerSecond$/, format.teraflops],
  [
    /[bB]ytes(P|$)/,
    (value) =>
      Math.abs(value) >= 1e9 ? `${format.bytes(value)} (${format.gibibytes(value)})` : format.bytes(value),
  ],
  [/[mM]s$/, format.milliseconds],
  [/^usd|Usd/, format.usd],
  [/(Share|Fraction|Utilization|Usage|Busy)$/, format.percent],
  [/Epsilon$/, (value) => format.significant(value)],
  [/TokensPerSecond/, (value) => `${format.significant(value)} tokens/s`],
  [/[rR]equestRate$|requestsPerSecond$/, format.rateText],
  [/[tT]okens$/, (value) => `${format.plain(value)} tokens`],
  [/Gbps$/, (value) => `${format.plain(value)} Gbit/s`],
  [/Gib$/, (value) => `${format.plain(value)} GiB`],
  [/Gb$/, (value) => `${format.plain(value)} GB`],
];
