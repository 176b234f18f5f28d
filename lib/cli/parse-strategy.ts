import { UserError } from "../config";
import type { Strategy } from "../strategy";

const KEY_OF_LETTERS = {
  tp: "tensorParallel",
  pp: "pipelineParallel",
  dp: "dataParallel",
  ep: "expertParallel",
  sp: "sequenceParallel",
} as const;

/**
 * `tp4dp2` (also `TP4 x DP2`, `tp4-dp2`) as `--set` texts that pin all five degrees; degrees not named are 1.
 * `auto` leaves all to the planner. Throws `UserError` for anything else.
 */
export function parseStrategy(text: string): string[] {
  const keys = Object.values(KEY_OF_LETTERS);
  if (text.trim().toLowerCase() === "auto") return keys.map((key) => `strategy.${key}=auto`);
  const compact = text.toLowerCase().replace(/[\s,x=_-]+/g, "");
  const parts = [...compact.matchAll(/(tp|pp|dp|ep|sp)([1-9]\d*)/g)];
  const letters = parts.map(([, name]) => name);
  const complete = parts.map(([whole]) => whole).join("") === compact && parts.length > 0;
  if (!complete || new Set(letters).size !== letters.length) {
    throw new UserError({
      code: "strategy-text",
      where: `--strategy ${text}`,
      message: "not a strategy",
      hint: "write it as tp8, tp4dp2, tp2pp4 or auto",
    });
  }
  return Object.entries(KEY_OF_LETTERS).map(([name, key]) => {
    const degree = parts.find((part) => part[1] === name)?.[2] ?? "1";
    return `strategy.${key}=${degree}`;
  });
}

/** The short form that `parseStrategy` reads: TP always, the others where they are not 1. */
export function strategyText(strategy: Strategy): string {
  return Object.entries(KEY_OF_LETTERS)
    .filter(([name, key]) => name === "tp" || strategy[key] !== 1)
    .map(([name, key]) => `${name}${strategy[key]}`)
    .join("");
}
