import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseDocument } from "yaml";
import { ConfigError, type ConfigProblem } from "./config-error";
import { resolveConfigPath } from "./config-path";
import { type FoundSections, parseSections } from "./parse-deployment";
import type { Deployment } from "./schema";
import { childValue } from "./schema-node";
import { SECTIONS } from "./sections";
import { keyProblem, NOTHING_ASKED, sectionName } from "./stack-keys";
import { wholeProblem } from "./whole-file";
import { whyUnreadable } from "./why-unreadable";

const STACK_FILE = /^Pulumi\.(.+)\.ya?ml$/;

/** Names of the stacks whose files lie in `folder`, sorted. */
export function stackNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((file) => STACK_FILE.exec(file)?.[1] ?? [])
    .sort();
}

/** Path of a stack's file in `folder`. Throws a `ConfigError` that names the stacks there are. */
export function stackFile(stack: string, folder: string): string {
  for (const extension of ["yaml", "yml"]) {
    const path = join(folder, `Pulumi.${stack}.${extension}`);
    if (existsSync(path)) return path;
  }
  const names = stackNames(folder);
  const known =
    names.length === 0
      ? "no stack files here; use --file"
      : `stacks here: ${names.join(", ")}; choose one with --stack`;
  throw new ConfigError([{ where: `Pulumi.${stack}.yaml`, key: "", text: `no such file; ${known}` }]);
}

/**
 * Reads the deployment of a Pulumi stack file (`Pulumi.<stack>.yaml`) without an engine. Keys of other namespaces and
 * the program's secrets are left alone. A relative `model.configPath` is taken from the file's folder.
 * Throws one `ConfigError` with every problem of the file and of the overrides.
 */
export function readStackFile(path: string, overrides: readonly string[] = []): Deployment {
  const where = basename(path);
  const found = sectionsOf(readYaml(path, where), where);
  if (overrides.length === 0 && found.problems.length === 0 && Object.keys(found.values ?? {}).length === 0)
    throw new ConfigError([{ where, key: "config", text: NOTHING_ASKED }]);
  return resolveConfigPath(parseSections(found, overrides), dirname(path));
}

function readYaml(path: string, where: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError([{ where: path, key: "", text: whyUnreadable(error) }]);
  }
  // Merge keys (`<<: *shared`) as Pulumi's own reader takes them.
  const document = parseDocument(text, { prettyErrors: true, merge: true, logLevel: "error" });
  const [first] = document.errors;
  if (first) throw notYaml(`${where}:${first.linePos?.[0].line ?? 1}`, first);
  try {
    return document.toJS() as unknown;
  } catch (error) {
    throw notYaml(where, error);
  }
}

function notYaml(where: string, error: unknown): ConfigError {
  const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  const reason = message.replace(/ at line \d+, column \d+:?$/, "");
  return new ConfigError([{ where, key: "", text: `not valid YAML: ${reason}` }]);
}

/** The sections of a stack file's `config:` map by name. */
function sectionsOf(file: unknown, where: string): FoundSections {
  const whole = wholeProblem(file);
  if (whole !== undefined) throw new ConfigError([{ where, ...whole }]);
  const config = childValue(file, "config") as object;
  const values: Record<string, unknown> = {};
  const problems: ConfigProblem[] = [];
  for (const [key, value] of Object.entries(config)) {
    const text = keyProblem(key, value);
    if (text !== undefined) problems.push({ where, key, text });
    const section = sectionName(key);
    if (text === undefined && section !== undefined && SECTIONS.includes(section)) values[section] = value;
  }
  return { values, problems, where };
}
