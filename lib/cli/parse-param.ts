import { UserError } from "../config";

/** A config key and the values that a sweep gives it. */
export interface SweepParam {
  readonly key: string;
  /** As `--set` takes them. */
  readonly values: readonly string[];
}

/** More plans than this are a mistake: each takes about a second. */
const MOST_VALUES = 200;

/**
 * `key=a,b,c`, where a part may be a range `from..to:step` (step 1 when left out), as in
 * `workload.requestRate=2,4..16:4`. Commas within brackets do not split. Throws `UserError` for anything else.
 */
export function parseParam(text: string): SweepParam {
  const equals = text.indexOf("=");
  const key = text.slice(0, equals).trim();
  const parts = splitOutsideBrackets(text.slice(equals + 1)).map((part) => part.trim());
  if (equals < 1 || parts.some((part) => part === "")) {
    throw mistake(text, "is not a key with values", "write it as workload.requestRate=2,4,8 or 2..16:2");
  }
  const values = parts.flatMap((part) => rangeOf(part, text) ?? [part]);
  if (values.length > MOST_VALUES) {
    throw mistake(text, `has ${values.length} values`, `give at most ${MOST_VALUES}`);
  }
  return { key, values };
}

function rangeOf(part: string, text: string): string[] | undefined {
  const match = /^(-?[\d.]+)\.\.(-?[\d.]+)(?::([\d.]+))?$/.exec(part);
  if (!match) return undefined;
  const [from, to, step] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 1)];
  if (!(to >= from && step > 0)) {
    throw mistake(text, `range ${part} does not go up`, "write ranges as from..to:step");
  }
  // Half a step of room, so that 0.1 + 0.1 + 0.1 still reaches 0.3.
  const count = Math.min(Math.floor((to - from) / step + 1e-9), MOST_VALUES) + 1;
  return Array.from({ length: count }, (_, index) => String(Number((from + index * step).toPrecision(12))));
}

function splitOutsideBrackets(text: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (const letter of text) {
    if ("[{".includes(letter)) depth++;
    if ("]}".includes(letter)) depth--;
    if (letter === "," && depth === 0) parts.push("");
    else parts.push(`${parts.pop() ?? ""}${letter}`);
  }
  return parts;
}

function mistake(text: string, message: string, hint: string): UserError {
  return new UserError({ code: "sweep-param", where: `--param ${text}`, message, hint });
}
