import record from "./vllm-flag-values.json";

/** How many values a flag of `vllm serve` takes, and of which type: a name, or the list of choices. */
export interface FlagValues {
  readonly takes: "none" | "optional" | "one" | "several";
  readonly type: string | readonly string[];
}

type Types = Readonly<Record<string, string | readonly string[]>>;
const { optional, one, several }: { optional: Types; one: Types; several: Types } = record;

const byFlag = new Map<string, FlagValues>([
  ...record.none.map((flag) => [flag, { takes: "none", type: "text" }] as const),
  ...Object.entries(optional).map(([flag, type]) => [flag, { takes: "optional", type }] as const),
  ...Object.entries(one).map(([flag, type]) => [flag, { takes: "one", type }] as const),
  ...Object.entries(several).map(([flag, type]) => [flag, { takes: "several", type }] as const),
]);

/** Every long spelling that vLLM 0.33's parser has, without dashes, those that its help hides included. */
export const PARSED_FLAGS: readonly string[] = [...byFlag.keys()];

/** Short flags without their dash, and the long one that each means. */
export const SHORT_FLAGS: Readonly<Record<string, string>> = record.short;

/** What vLLM 0.33's parser takes after a long flag (its full name without dashes); undefined for none that it has. */
export const flagValues = (flag: string): FlagValues | undefined => byFlag.get(flag);

/** Texts that Python's int and float take, and vLLM's sizes such as 4k, 2M or 25.6k. */
const NUMBERS: Readonly<Record<string, RegExp>> = {
  int: /^\s*[+-]?\d+(_\d+)*\s*$/,
  float: /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i,
  size: /^\s*([+-]?\d+|\d+(\.\d+)?[kmgt]|\d+[KMGT])\s*$/,
};

const WORDS: Readonly<Record<string, string>> = {
  int: "a whole number",
  float: "a number",
  size: "a whole number or a size such as 4k or 2M",
  json: "JSON",
  object: 'JSON such as {"key": 1}',
};

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** JSON with keys, in which vLLM takes sizes such as 80m for numbers; text in quotes stays as it is. */
function isObject(text: string): boolean {
  const parts = text.split(/("(?:[^"\\]|\\.)*")/);
  const plain = parts.map((part, i) => (i % 2 === 0 ? part.replace(/\b\d+(?:\.\d+)?[kmgt]\b/gi, "0") : part));
  const value = parsedJson(plain.join(""));
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFine(kind: string, value: string): boolean {
  if (kind === "object") return isObject(value);
  if (kind === "json") return parsedJson(value) !== undefined;
  return NUMBERS[kind]?.test(value) ?? true;
}

/** What a value of a flag (its full name) must be, in words; undefined where it is that. */
export function valueProblem(flag: string, value: string): string | undefined {
  const type = byFlag.get(flag)?.type ?? "text";
  const isUnset = value === "" || value === "None";
  if (typeof type !== "string") {
    const folded = record.folds.includes(flag) ? value.toLowerCase().replaceAll("-", "_") : value;
    const isChoice = type.includes(folded) || (isUnset && type.includes("None"));
    return isChoice ? undefined : `one of ${type.join(", ")}`;
  }
  const [kind = "text", also] = type.split(" or ");
  if (also === "none" && isUnset) return undefined;
  // What looks like an object is read as one.
  const read = also === "json" && /^\s*{.*}\s*$/s.test(value) ? also : kind;
  return isFine(read, value) ? undefined : WORDS[read];
}
