/** A flag of a list of arguments as vLLM's parser reads it, with what follows it. */
export interface WrittenFlag {
  readonly index: number;
  /** As it was typed, without its value. */
  readonly written: string;
  /** What stands behind `=`. */
  readonly attached?: string;
  /** What follows up to the next flag. */
  readonly following: readonly { readonly index: number; readonly text: string }[];
}

/** A list of arguments, and what stands before its first flag. */
export interface ArgumentList {
  readonly leading: readonly string[];
  readonly flags: readonly WrittenFlag[];
}

/** A dash and a letter begin a flag; a number may be negative. */
const isFlag = (argument: string): boolean => /^-{1,2}[A-Za-z]/.test(argument);

/** `-O3`, `-O=3` and `-O 3` are `--optimization-level 3` to vLLM, before its parser sees them. */
function levelOf(argument: string): string | undefined {
  return /^-O=?(.+)$/s.exec(argument)?.[1];
}

/** Reads arguments of `vllm serve` as its parser does: a flag, and values up to the next one. */
export function readArguments(list: readonly string[]): ArgumentList {
  const leading: string[] = [];
  const flags: WrittenFlag[] = [];
  const following: { index: number; text: string }[][] = [];
  for (const [index, text] of list.entries()) {
    if (!isFlag(text)) {
      const open = following.at(-1);
      if (open === undefined) leading.push(text);
      else open.push({ index, text });
      continue;
    }
    const values: { index: number; text: string }[] = [];
    const equals = text.indexOf("=");
    const attached = levelOf(text) ?? (equals < 0 ? undefined : text.slice(equals + 1));
    const written = text.startsWith("-O") ? "-O" : equals < 0 ? text : text.slice(0, equals);
    flags.push({ index, written, ...(attached === undefined ? {} : { attached }), following: values });
    following.push(values);
  }
  return { leading, flags };
}

/**
 * The keys that a nested option sets, below the option's name: `--x.a.b=1`, `--x.a={"b": 1}` and `--x={"a": {"b": 1}}` all
 * set `a.b`. Values that are no JSON set the dotted key alone.
 */
export function nestedKeys(dotted: readonly string[], value: string | undefined): string[] {
  const prefix = dotted.map((key) => key.replaceAll("-", "_").replace(/\+$/, "")).join(".");
  const below = leaves(parsed(value));
  if (below.length === 0) return prefix === "" ? [] : [prefix];
  return below.map((key) => (prefix === "" ? key : `${prefix}.${key}`));
}

function leaves(value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const below = leaves(item);
    return below.length === 0 ? [key] : below.map((rest) => `${key}.${rest}`);
  });
}

function parsed(value: string | undefined): unknown {
  try {
    return value === undefined ? undefined : (JSON.parse(value) as unknown);
  } catch {
    return undefined;
  }
}
