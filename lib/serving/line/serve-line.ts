import {
  flagNames,
  flagStanding,
  flagValues,
  KNOWN_FLAGS,
  nearestName,
  readArguments,
  valueProblem,
  type WrittenFlag,
} from "../../config";
import { compareVersions, KNOWN_VLLM } from "../../performance";
import { commandFrom } from "./shell-words";

/** A `vllm serve` command as its parser reads it. */
export interface ServeLine {
  /** Repository or path; absent where the line names none. */
  readonly model?: string;
  /** Values by the flag's full name without dashes; of a switch `true` or `false`. The last of several counts. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** Why the parser would end, as it says it. */
  readonly refused: readonly string[];
  /** What is odd and stops nothing: given twice, unknown to the version that was read. */
  readonly notes: readonly string[];
  /** Flags that vLLM takes and that may move the figures, which do not count them. */
  readonly uncounted: readonly string[];
}

const API_SERVER = "vllm.entrypoints.openai.api_server";

/** The arguments of vLLM's server in a command; undefined where it does not start one. */
export function serverArguments(words: readonly string[]): readonly string[] | undefined {
  const module = words.findIndex((word) => word === API_SERVER || word.endsWith("api_server.py"));
  if (module >= 0) return commandFrom(words, module + 1);
  const serve = words.findIndex((word, at) => word === "serve" && /(^|\/)vllm$/.test(words[at - 1] ?? ""));
  return serve < 0 ? undefined : commandFrom(words, serve + 1);
}

/** Flags that older versions had and 0.33 has not: they moved neither memory nor steps of the second engine. */
const FORMER =
  /^(disable-log-requests|swap-space|max-seq-len-to-capture|use-v2-block-manager|worker-use-ray|engine-use-ray|device|enable-reasoning|guided-decoding-backend|num-lookahead-slots|preemption-mode|task|max-context-len-to-capture|disable-frontend-multiprocessing)$/;

/** What the parser makes of one flag. */
interface ReadFlag {
  /** Full name, of a switch without `no-` and `disable-`; absent where the parser ends. */
  readonly name?: string;
  readonly values?: readonly string[];
  /** Words behind it that it does not take. */
  readonly strays: readonly string[];
  readonly refused?: string;
  readonly note?: string;
}

/** Reads the arguments of vLLM's server of a version. */
export function readServeLine(list: readonly string[], version: string): ServeLine {
  const { leading, flags: written } = readArguments(list);
  const read = written.map((flag) => readFlag(flag, version));
  const flags = new Map<string, readonly string[]>();
  const twice: string[] = [];
  for (const [at, { name, values = [] }] of read.entries()) {
    if (name === undefined) continue;
    if (flags.has(name) && !written[at]?.written.includes(".")) twice.push(name);
    flags.set(name, values);
  }
  const [first, ...strays] = [...leading, ...read.flatMap((flag) => flag.strays)];
  const model = flags.get("model")?.[0] ?? first;
  return {
    ...(model === undefined ? {} : { model }),
    flags,
    refused: [
      ...read.flatMap(({ refused }) => refused ?? []),
      ...(strays.length > 0 ? [`vllm: error: unrecognized arguments: ${strays.join(" ")}`] : []),
    ],
    notes: [
      ...read.flatMap(({ note }) => note ?? []),
      ...twice.map((name) => `--${name} is given twice: the last one counts.`),
    ],
    uncounted: written
      .map((flag) => flag.written)
      // A revision pins the weights, whose shapes are the same.
      .filter((flag) => flag !== "--revision" && flagStanding(flag).kind === "unproven"),
  };
}

function readFlag({ written, attached, following }: WrittenFlag, version: string): ReadFlag {
  const [name, ...others] = flagNames(written);
  const typed = following.map(({ text }) => text);
  if (name === undefined) return { strays: [], ...unknownFlag(written, typed, version) };
  if (others.length > 0) {
    const options = [name, ...others].map((one) => `--${one}`).join(", ");
    return { strays: [], refused: `vllm: error: ambiguous option: ${written} could match ${options}` };
  }
  const takes = flagValues(name)?.takes ?? "several";
  const room = { none: 0, optional: 1, one: 1, several: Number.POSITIVE_INFINITY }[takes];
  const own = attached === undefined ? [] : [attached];
  const values = [...own, ...typed.slice(0, Math.max(0, room - own.length))];
  const strays = typed.slice(values.length - own.length);
  if (values.length === 0 && (takes === "one" || takes === "several"))
    return { strays, refused: `vllm: error: argument ${written}: expected one argument` };
  if (takes === "none") return { ...switched(name), strays };
  const wrong = written.includes(".") ? undefined : values.find((value) => isWrong(name, value, version));
  const refused =
    wrong &&
    `vllm: error: argument ${written}: invalid value: '${wrong}' (it takes ${valueProblem(name, wrong)})`;
  return { name, values, strays, ...(refused === undefined ? {} : { refused }) };
}

/** A flag that 0.33 does not have: an error there, and in older versions what nobody here knows. */
function unknownFlag(
  written: string,
  typed: readonly string[],
  version: string,
): Pick<ReadFlag, "refused" | "note"> {
  const bare = written.replace(/^-+/, "").replaceAll("_", "-");
  const nearest = nearestName(bare, KNOWN_FLAGS);
  const meant = nearest === undefined ? "" : `; did you mean --${nearest}?`;
  if (compareVersions(version, KNOWN_VLLM.newest) >= 0)
    return { refused: `vllm: error: unrecognized arguments: ${[written, ...typed].join(" ")}${meant}` };
  if (FORMER.test(bare))
    return { note: `${written} does nothing that is counted here, and later versions refuse it.` };
  return {
    note: `${written} is no flag of vLLM ${KNOWN_VLLM.newest}, and whether ${version} has it is not known${meant}`,
  };
}

function switched(name: string): Required<Pick<ReadFlag, "name" | "values">> {
  const isOff = /^(no-|disable-)/.test(name) && isSwitch(name);
  return isOff
    ? { name: name.replace(/^no-/, "").replace(/^disable-/, "enable-"), values: ["false"] }
    : { name, values: ["true"] };
}

const isWrong = (name: string, value: string, version: string): boolean =>
  valueProblem(name, value) !== undefined && !isOfAnOlder(name, version);

/** A switch that has an opposite with `no-` or `disable-` before it. */
const isSwitch = (name: string): boolean =>
  name.startsWith("no-") || flagValues(name.replace(/^disable-/, "enable-")) !== undefined;

/** Choices and kinds of values were read from the newest version alone. */
const isOfAnOlder = (name: string, version: string): boolean =>
  typeof flagValues(name)?.type !== "string" && compareVersions(version, KNOWN_VLLM.newest) < 0;
