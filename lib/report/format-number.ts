/**
 * Every printed number is formatted here, so that the four formats agree and a unit is never left out.
 * GB is 10^9 bytes, GiB is 2^30 bytes, and the text says which.
 */

const NOT_KNOWN = "not known";

/** Making a formatter takes fifty times as long as using it, and a report prints a thousand numbers. */
const formatters = new Map<string, Intl.NumberFormat>();

function format(value: number, minimumFractionDigits: number, maximumFractionDigits: number): string {
  const key = `${minimumFractionDigits} ${maximumFractionDigits}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.NumberFormat("en-US", { minimumFractionDigits, maximumFractionDigits });
    formatters.set(key, formatter);
  }
  return formatter.format(value);
}

/** At most so many decimals, without zeros at the end: 8.00 says no more than 8. */
const grouped = (value: number, decimals: number): string => format(value, 0, decimals);

const fixed = (value: number, decimals: number): string => format(value, decimals, decimals);

/** Digits that keep three significant ones without inventing more: 12.34 -> "12.3", 0.05678 -> "0.0568". */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return NOT_KNOWN;
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  return grouped(value, Math.min(6, Math.max(0, digits - 1 - magnitude)));
}

/** Whole numbers with thousands separators. */
export function count(value: number): string {
  return Number.isFinite(value) ? grouped(Math.round(value), 0) : NOT_KNOWN;
}

/** An input of a formula, unrounded as far as a pocket calculator shows: what is computed from it keeps its digits. */
export function inputText(value: number | string): string {
  if (typeof value === "string" || !Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return count(value);
  const decimals = 9 - Math.floor(Math.log10(Math.abs(value)));
  return grouped(value, Math.min(20, Math.max(0, decimals)));
}

/** A number without needless decimals: 8 -> "8", 8.25 -> "8.25". */
export function plain(value: number): string {
  return Number.isInteger(value) ? count(value) : significant(value);
}

/** Milliseconds; from ten seconds on in seconds. */
export function milliseconds(value: number): string {
  if (!Number.isFinite(value)) return NOT_KNOWN;
  if (Math.abs(value) >= 10_000) return `${significant(value / 1000)} s`;
  return `${grouped(value, Math.abs(value) < 100 ? 1 : 0)} ms`;
}

/** "8 requests/s", "1 request/s". */
export function rateText(rate: number): string {
  const text = significant(rate);
  return `${text} request${text === "1" ? "" : "s"}/s`;
}

/** Bytes in decimal units, as data sheets and prices use them. */
export function bytes(value: number): string {
  if (!Number.isFinite(value)) return NOT_KNOWN;
  const size = Math.abs(value);
  if (size >= 1e12) return `${significant(value / 1e12)} TB`;
  if (size >= 1e9) return `${fixed(value / 1e9, 2)} GB`;
  if (size >= 1e6) return `${significant(value / 1e6)} MB`;
  if (size >= 1e3) return `${significant(value / 1e3)} kB`;
  return `${count(value)} bytes`;
}

/** Bytes in binary units, as vLLM and nvidia-smi log them. */
export function gibibytes(value: number): string {
  return Number.isFinite(value) ? `${fixed(value / 2 ** 30, 2)} GiB` : NOT_KNOWN;
}

/** Bytes per second in decimal units. */
export function bytesPerSecond(value: number): string {
  return `${bytes(value).replace(".00", "")}/s`;
}

/** A share between 0 and 1 as a percentage. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return NOT_KNOWN;
  return share !== 0 && Math.abs(share) < 0.001 ? "< 0.1 %" : `${grouped(share * 100, 1)} %`;
}

/** The difference of two shares, in percentage points: half of 85 % and 85 % less half are not the same. */
export const points = (share: number): string => percent(share).replace(" %", " points");

/** Arithmetic rate in TFLOP/s. */
export function teraflops(flopsPerSecond: number): string {
  return `${significant(flopsPerSecond / 1e12)} TFLOP/s`;
}

/** US dollars. */
export function usd(value: number): string {
  if (!Number.isFinite(value)) return NOT_KNOWN;
  return `$${fixed(value, Math.abs(value) >= 1000 ? 0 : 2)}`;
}

/** Seconds as a person says them: "45 s", "12 min", "1.5 h". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return NOT_KNOWN;
  if (seconds < 90) return `${count(seconds)} s`;
  if (seconds < 5400) return `${count(seconds / 60)} min`;
  return `${significant(seconds / 3600, 2)} h`;
}

const UNITS: Readonly<Record<string, (value: number) => string>> = {
  ms: milliseconds,
  bytes,
  GB: (gigabytes) => bytes(gigabytes * 1e9),
  share: percent,
  "requests/s": rateText,
  "USD/h": (price) => `${usd(price)}/h`,
};

/** A unit of measurement; others ("sequences", "GPUs") name counted things. */
export const isMeasure = (unit: string): boolean => unit in UNITS;

/** A value in the unit that a check or figure names; unknown units are appended as they are. */
export function withUnit(value: number, unit: string): string {
  const format = UNITS[unit];
  if (format !== undefined) return format(value);
  if (unit === "") return plain(value);
  return `${plain(value)} ${value === 1 ? unit.replace(/s$/, "") : unit}`;
}

/** The same with a sign, for margins. */
export function marginWithUnit(value: number, unit: string): string {
  const size = unit === "share" ? points(Math.abs(value)) : withUnit(Math.abs(value), unit);
  return `${value < 0 ? "-" : "+"}${size}`;
}

/** A band "low to high" in one unit. */
export function band(low: number, high: number, format: (value: number) => string): string {
  return `${format(low)} to ${format(high)}`;
}
