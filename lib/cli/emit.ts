import { statSync, writeFileSync } from "node:fs";
import { dirname, extname } from "node:path";
import { UserError } from "../config";
import type { ReportFormat, ReportOptions } from "../report";
import type { Io } from "./io";
import type { OptionValues } from "./options";

const FORMAT_OF_ENDING: Readonly<Record<string, ReportFormat>> = {
  ".json": "json",
  ".md": "md",
  ".html": "html",
  ".htm": "html",
  ".txt": "terminal",
  "": "terminal",
};

/**
 * The report format that `--format`, `--json` or the ending of `--out` asks for; terminal without any. Throws `UserError`
 * for an ending that promises another format.
 */
export function reportFormat(options: OptionValues): ReportFormat {
  if (options.format !== undefined) return options.format;
  if (options.json) return "json";
  const ending = extname(options.out ?? "").toLowerCase();
  const format = FORMAT_OF_ENDING[ending];
  if (format !== undefined) return format;
  throw new UserError({
    code: "unknown-ending",
    where: options.out ?? "",
    message: `no report has the ending ${ending}`,
    hint: "end it with .html, .md, .json or .txt, or say the format with --format",
  });
}

/** `--json`, or an `--out` that ends so: for commands that print text or JSON. */
export const wantsJson = (options: OptionValues): boolean =>
  options.json || extname(options.out ?? "").toLowerCase() === ".json";

/** Colours and width of a report: a file gets none and the full width. */
export function reportLook(options: OptionValues, io: Io): ReportOptions {
  return toStdout(options) ? { color: io.color, width: io.width } : { color: false, width: 100 };
}

/** The result goes to a file: the terminal gets the verdict alone, and the file the whole report. */
export const isToFile = (options: OptionValues): boolean => !toStdout(options);

function toStdout(options: OptionValues): boolean {
  return options.out === undefined || options.out === "-";
}

/** Stops before anything is computed when `--out` names a folder, or a file in a folder that is not there. Throws `UserError`. */
export function requireOutFolder(options: OptionValues): void {
  if (options.out === undefined || toStdout(options)) return;
  const folder = dirname(options.out);
  const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isFolder(folder) && !isFolder(options.out)) return;
  throw new UserError({
    code: "cannot-write",
    where: options.out,
    message: isFolder(options.out) ? "is a folder" : `cannot be written: there is no folder ${folder}`,
    hint: "give --out a file in a folder that exists",
  });
}

/** Writes a result to `--out` or to stdout, with one newline at its end. Throws `UserError` when the file cannot be written. */
export function emit(text: string, options: OptionValues, io: Io): void {
  const whole = text.endsWith("\n") ? text : `${text}\n`;
  if (options.out === undefined || toStdout(options)) {
    io.out(whole);
    return;
  }
  try {
    writeFileSync(options.out, whole);
  } catch (error) {
    throw new UserError({
      code: "cannot-write",
      where: options.out,
      message: `cannot be written (${error instanceof Error ? error.message.split(",")[0] : String(error)})`,
      hint: "give --out a file in a folder that exists",
      cause: error,
    });
  }
  io.talk(`wrote ${options.out}`);
}

/** JSON as this program prints it: two spaces, a newline at the end. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
