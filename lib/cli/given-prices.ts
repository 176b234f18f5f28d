import { listInstanceTypes } from "../catalog";
import { positive } from "./positive";

/** A price that was typed, in USD per hour, and what it is called (`spot`, `reserved`). */
export interface GivenPrice {
  readonly usdPerHour: number;
  readonly label: string;
}

/** Prices as in `p5.48xlarge=31.5` and `p5.48xlarge=spot:31.5`, by type. Throws a `UserError` for what is no price. */
export function givenPrices(texts: readonly string[]): Readonly<Record<string, GivenPrice>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [type = "", value = ""] = text.split("=");
      const [, label = "given", usd = ""] = /^(?:([a-z-]+):)?(.*)$/i.exec(value) ?? [];
      return [type, { usdPerHour: positive(`--price ${type}`, usd, "="), label }] as const;
    }),
  );
}

export const usdByType = (given: Readonly<Record<string, GivenPrice>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(given).map(([type, { usdPerHour }]) => [type, usdPerHour]));

/** Each price that was given beside the list price, as sentences. */
export const givenText = (given: Readonly<Record<string, GivenPrice>>): readonly string[] =>
  Object.entries(given).map(([type, { usdPerHour, label }]) => {
    const list = listInstanceTypes().find(({ name }) => name === type)?.priceUsdPerHour;
    const beside = list === undefined ? "no list price is known" : `the list price is $${list.toFixed(2)}`;
    return `${type}: $${usdPerHour.toFixed(2)} an hour (${label}); ${beside}.`;
  });
