import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { engineSources, runEngineScript } from "./engine-sources";
import { DRIVEN_VERSION } from "./scenarios";

/** What the checks of serving.extraArgs read. */
const FLAG_VALUES_FILE = join(__dirname, "..", "..", "lib", "config", "vllm-flag-values.json");

interface ParsedFlag {
  /** Where the parser keeps the value: spellings of one flag share it. */
  readonly of: string;
  readonly takes: "none" | "optional" | "one" | "several";
  readonly type?: string | readonly string[];
  readonly folds?: boolean;
}

const byName = <T>(entries: [string, T][]): Record<string, T> =>
  Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));

/** The record as it is kept: long flags without their dashes by what they take, short ones by the long one they mean. */
function recordOf(flags: Readonly<Record<string, ParsedFlag>>) {
  const long = Object.entries(flags).filter(([spelling]) => spelling.startsWith("--"));
  const taking = (takes: ParsedFlag["takes"]) =>
    byName(
      long
        .filter(([, flag]) => flag.takes === takes)
        .map(([spelling, { type }]) => [spelling.slice(2), type ?? "text"]),
    );
  const short = Object.entries(flags).filter(([spelling]) => !spelling.startsWith("--"));
  return {
    source: `vllm ${DRIVEN_VERSION}, the parser of \`vllm serve\`; npm run bench:flags -- --update`,
    short: byName(
      short.map(([spelling, { of }]) => [
        spelling.slice(1),
        (long.find(([, flag]) => flag.of === of)?.[0] ?? "").slice(2),
      ]),
    ),
    folds: long.flatMap(([spelling, { folds }]) => (folds ? [spelling.slice(2)] : [])).sort(),
    none: Object.keys(taking("none")),
    optional: taking("optional"),
    one: taking("one"),
    several: taking("several"),
  };
}

/** What the pinned vLLM's own parser says today; minutes the first time, while its sources are fetched. */
export async function parsedFlags(): Promise<ReturnType<typeof recordOf>> {
  const exchange = await mkdtemp(join(tmpdir(), "shardplan-flags-"));
  try {
    await runEngineScript(await engineSources(), "record_flags.py", exchange);
    return recordOf(JSON.parse(await readFile(join(exchange, "flags.json"), "utf8")));
  } finally {
    await rm(exchange, { recursive: true, force: true });
  }
}

/** The record as it was kept last. */
export const keptFlags = async (): Promise<unknown> =>
  JSON.parse(await readFile(FLAG_VALUES_FILE, "utf8")) as unknown;

/** Holds the record against the parser; `--update` writes it anew (then `npm run format`). */
async function main(): Promise<void> {
  const parsed = await parsedFlags();
  if (process.argv.includes("--update")) {
    await writeFile(FLAG_VALUES_FILE, `${JSON.stringify(parsed, null, 2)}\n`);
    console.log(`wrote ${FLAG_VALUES_FILE}`);
    return;
  }
  const agrees = isDeepStrictEqual(await keptFlags(), parsed);
  console.log(agrees ? "the record is what vLLM's parser says" : "the record differs from vLLM's parser");
  process.exitCode = agrees ? 0 : 1;
}

if (require.main === module) void main();
