/** A graph: its expressions by what the legend calls them; `unit` as Grafana names it. */
export interface Graph {
  readonly title: string;
  readonly unit: "s" | "percentunit" | "short" | "reqps" | "currencyUSD" | "celsius" | "watt";
  readonly lines: Readonly<Record<string, string>>;
}

/** Names of the lines between which the prediction lies. */
export const BAND = { low: "band, low", high: "band, high" } as const;
