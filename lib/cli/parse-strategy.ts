import { UserError } from "../config";

const KEY_OF_LETTERS = {
  tp: "tensorParallel",
  pp: "pipelineParallel",
  dp: "dataParallel",
  ep: "expertParallel",
  sp: "sequenceParallel",
} as const;

/** A degree with its letters, `x2` for two replicas, or what may stand between them. */
const PART = /\s*(?:(tp|pp|dp|ep|sp)\s?=?([1-9]\d*)|x\s?([1-9]\d*)|x(?=\s*[tpdes])|[,_-])\s*/g;

/**
 * `tp4dp2` (also `TP4 x2`, `TP4 x DP2`, `tp4-dp2`) as `--set` texts that pin all five degrees; degrees not named are 1.
 * `auto` leaves all to the planner. Throws `UserError` for anything else.
 */
export function parseStrategy(text: string): string[] {
  const lower = text.trim().toLowerCase();
  const keys = Object.values(KEY_OF_LETTERS);
  if (lower === "auto") return keys.map((key) => `strategy.${key}=auto`);
  const parts = [...lower.matchAll(PART)];
  const degrees = parts.flatMap(([, letters, degree, replicas]) => {
    if (replicas !== undefined) return [["dp", replicas] as const];
    return letters === undefined || degree === undefined ? [] : [[letters, degree] as const];
  });
  const byLetters = new Map<string, string>(degrees);
  const understood = parts.map(([whole]) => whole).join("") === lower;
  if (!understood || degrees.length === 0 || byLetters.size !== degrees.length) {
    throw new UserError({
      code: "strategy-text",
      where: `--strategy ${text}`,
      message: "not a strategy",
      hint: "write it as tp8, tp4dp2, tp2pp4 or auto",
    });
  }
  return Object.entries(KEY_OF_LETTERS).map(
    ([letters, key]) => `strategy.${key}=${byLetters.get(letters) ?? "1"}`,
  );
}

/** Arguments as a remedy prints them (`--set hardware.nodes=2 --strategy tp8dp2`) as `--set` texts alone. */
export function settingsOfArguments(text: string): string[] {
  return [...text.matchAll(/--(set|strategy) (\S+)/g)].flatMap(([, option, value = ""]) =>
    option === "set" ? [value] : parseStrategy(value),
  );
}

/**
 * The `--set` texts together with those of `--strategy`. Throws a `UserError` where the two give one degree: whichever
 * won, the other would be ignored in silence.
 */
export function strategyOverrides(set: readonly string[], strategies: readonly string[]): string[] {
  const degrees = strategies.flatMap(parseStrategy);
  const keys = degrees.map(keyOf);
  const twice = set.find(
    (text) => keys.includes(keyOf(text)) || (keys.length > 0 && keyOf(text) === "strategy"),
  );
  if (twice === undefined) return [...set, ...degrees];
  throw new UserError({
    code: "strategy-twice",
    where: `--strategy ${strategies.join(" ")}`,
    message: `--set ${twice} gives the same degree again`,
    hint: "keep one of the two; --strategy pins all five degrees",
  });
}

function keyOf(text: string): string {
  return (text.split("=")[0] ?? "").trim().replace(/^shardplan:/, "");
}
