/** Numbers in sentences of the planner. The report formats its own; these stand in reasons, requirements and errors. */

/** At most `most` decimals, none needless, thousands separated. Own code because Intl costs 100 ms at its first use. */
function digits(value: number, most: number): string {
  const [whole = "", decimals = ""] = value.toFixed(most).split(".");
  const kept = decimals.replace(/0+$/, "");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (kept === "" ? "" : `.${kept}`);
}

/** `12.3 ms`, `350 ms`, `12.4 s`. */
export function msText(ms: number): string {
  if (!Number.isFinite(ms)) return "not reached";
  if (ms >= 10_000) return `${digits(ms / 1000, 1)} s`;
  return `${digits(ms, ms < 100 ? 1 : 0)} ms`;
}

/** Decimal gigabytes, `141.1 GB`; small amounts in MB. */
export function gbText(bytes: number): string {
  return Math.abs(bytes) >= 1e9 ? `${digits(bytes / 1e9, 1)} GB` : `${digits(bytes / 1e6, 1)} MB`;
}

/** Binary gigabytes, `131.4 GiB`: sentences on what vLLM refuses say it in the unit in which vLLM logs it. */
export const gibText = (bytes: number): string => `${digits(bytes / 2 ** 30, 2)} GiB`;

/** A share as a percentage, `36.9 %`. */
export function percentText(share: number): string {
  return `${digits(share * 100, 1)} %`;
}

/** Requests per second, `8 requests/s`. */
export function rateText(rate: number): string {
  const text = digits(rate, 2);
  return `${text} request${text === "1" ? "" : "s"}/s`;
}

/** A plain number with thousands separators. */
export function countText(value: number): string {
  return digits(value, 0);
}

/** A ratio above 1 as words before what it compares with: `25 % more than`, `3.1 times`. */
export function excessText(ratio: number): string {
  return ratio >= 2 ? `${digits(ratio, 1)} times` : `${digits((ratio - 1) * 100, 1)} % more than`;
}
