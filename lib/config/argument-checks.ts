import { nestedKeys, readArguments, type WrittenFlag } from "./argument-list";
import type { CrossProblem } from "./cross-problem";
import { nearestName } from "./nearest-key";
import type { Deployment } from "./schema";
import { flagValues, valueProblem } from "./vllm-flag-values";
import { flagNames, flagStanding, KNOWN_FLAGS } from "./vllm-flags";

interface Context {
  /** Flags that may change what is proved are meant, and those that are not known may be of another version. */
  readonly mayBeUnproven: boolean;
  /** The version is the one whose choices were recorded; others may have further ones. */
  readonly knowsChoices: boolean;
}

interface Found {
  readonly index: number;
  readonly text: string;
}

/** Text of one line, short enough to read. */
function shown(text: string): string {
  const printed = text.trim() === "" || /\p{Cc}/u.test(text) ? JSON.stringify(text) : text;
  return printed.length > 40 ? `${printed.slice(0, 37)}...` : printed;
}

/** What is wrong with a flag itself; nothing for what may pass. */
function flagProblem(flag: WrittenFlag, { mayBeUnproven }: Context): string | undefined {
  const { written, attached, following } = flag;
  const [, ...dotted] = written.split(".");
  const standing = flagStanding(written, nestedKeys(dotted, attached ?? following[0]?.text));
  switch (standing.kind) {
    case "planned":
      return `${standing.flag} comes from the plan; set ${standing.setInstead}`;
    case "fixed":
      return `${standing.flag} cannot be given: ${standing.why}`;
    case "unproven":
      return mayBeUnproven
        ? undefined
        : `${standing.flag} may change what the plan proves; if that is meant, put it into serving.unprovenArgs, which the report names`;
    case "unknown": {
      if (/\s/.test(written)) {
        const [name = "", ...value] = written.split(/\s+/);
        return `"${shown(written)}" is one argument with a space in it; write ${name}=${shown(value.join(" "))}, or two arguments`;
      }
      if (mayBeUnproven) return undefined;
      const nearest = nearestName(written.replace(/^-+/, ""), KNOWN_FLAGS);
      const meant = nearest === undefined ? "; remove it" : `; did you mean --${nearest}?`;
      return `${shown(written)} is no flag that vLLM 0.33 is known to have${meant}`;
    }
    case "harmless":
      return undefined;
  }
}

/** What is wrong with the values of a flag that may pass, as vLLM's own parser would find. */
function valueProblems(flag: WrittenFlag, { knowsChoices }: Context): Found[] {
  const { index, written, attached, following } = flag;
  const [name, ...others] = flagNames(written);
  const known = name === undefined ? undefined : flagValues(name);
  if (name === undefined || known === undefined) return [];
  if (others.length > 0) {
    const text = `${written} is short for ${[name, ...others].map((one) => `--${one}`).join(" and ")}; write the one that is meant`;
    return [{ index, text }];
  }
  const isNested = written.includes(".");
  if (isNested && !/json|object/.test(String(known.type))) {
    return [
      { index, text: `${written} sets a key of --${name}, which has none; write --${name} and its value` },
    ];
  }
  const own = attached === undefined ? [] : [{ index, text: attached }];
  const room = isNested
    ? 1
    : { none: 0, optional: 1, one: 1, several: Number.POSITIVE_INFINITY }[known.takes];
  const values = [...own, ...following];
  const least = known.takes === "none" || known.takes === "optional" ? 0 : 1;
  if (values.length < least) return [{ index, text: `${written} needs a value; write ${written}=VALUE` }];
  const stray = values[attached !== undefined && known.takes === "several" ? 1 : room];
  if (stray !== undefined) {
    const takes = {
      none: "no value",
      optional: "one value",
      one: "one value",
      several: "one value behind =",
    }[known.takes];
    return [{ index: stray.index, text: `${written} takes ${takes}; remove ${shown(stray.text)}` }];
  }
  if (isNested || (typeof known.type !== "string" && !knowsChoices)) return [];
  return values.flatMap(({ index: at, text }) => {
    // To vLLM such an argument is an option with a key.
    if (at !== index && /^-.*\./.test(text)) return [{ index: at, text: `write ${written}=${shown(text)}` }];
    const wanted = valueProblem(name, text);
    return wanted === undefined
      ? []
      : [{ index: at, text: `${written} must be ${wanted}; given ${shown(text)}` }];
  });
}

function problems(list: readonly string[], key: string, context: Context): CrossProblem[] {
  const { leading, flags } = readArguments(list);
  const [first] = leading;
  if (first !== undefined) {
    return [
      { keys: [`${key}.0`], text: `${shown(first)} is no flag: arguments start with one, such as --seed` },
    ];
  }
  return flags.flatMap((flag) => {
    const text = flagProblem(flag, context);
    const found = text === undefined ? valueProblems(flag, context) : [{ index: flag.index, text }];
    return found.map(({ index, text: what }) => ({ keys: [`${key}.${index}`], text: what }));
  });
}

/**
 * What users add to `vllm serve` does not overrule the plan, in whatever spelling vLLM would take it, and is what vLLM's
 * parser takes: a server that does not start is seen here and not on the hosts.
 */
export function argumentChecks({ serving }: Deployment): CrossProblem[] {
  const isRecorded = /^0\.33\b/.test(serving.vllmVersion);
  return [
    ...problems(serving.extraArgs, "serving.extraArgs", { mayBeUnproven: false, knowsChoices: true }),
    ...problems(serving.unprovenArgs, "serving.unprovenArgs", {
      mayBeUnproven: true,
      knowsChoices: isRecorded,
    }),
  ];
}
