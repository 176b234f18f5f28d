import { type Deployment, readModelConfigFile, UserError } from "../config";
import { findModel, modelKey, modelWhere } from "./find";
import { hubModel, hubSource } from "./hub-config";
import { HUB_SOURCE, readModelConfig } from "./read-model-config";
import type { ModelArchitecture } from "./types";

/** What may differ between spellings of one repository: case, and Meta's habit of naming itself twice. */
const spelling = (name: string) =>
  name
    .split("/")
    .slice(-1)
    .join("")
    .toLowerCase()
    .replace(/^meta-/, "");

/** Endings that make another checkpoint of a shape: quantised, or trained further. */
const VARIANT = /-(fp8|bf16|base|instruct|chat|hf|it|dynamic|static|pertensor)/g;
const variants = (name: string) => name.toLowerCase().match(VARIANT) ?? [];

function means(name: string, known: string): boolean {
  const organisation = name.includes("/") ? name.split("/")[0] : undefined;
  if (organisation !== undefined && organisation.toLowerCase() !== known.split("/")[0]?.toLowerCase())
    return false;
  if (spelling(name) === spelling(known)) return true;
  // A short name such as Llama-3.1-70B: it may leave an ending out, and says nothing that the repository is not.
  const endings: readonly string[] = variants(known);
  const isShort = organisation === undefined && variants(name).every((ending) => endings.includes(ending));
  return isShort && modelKey(name) === modelKey(known);
}

const rowOf = (name: string): ModelArchitecture | undefined =>
  modelWhere((known) => known === name) ?? modelWhere((known) => means(name, known));

/**
 * Parsed config.json of a deployment's model: of `model.configPath`, or of the hub for a repository that the catalogue lacks;
 * undefined for a model of the catalogue. Throws a `UserError` when the file or the hub does not answer.
 */
export function modelConfigOf({ model }: Pick<Deployment, "model">): unknown {
  if (model.configPath !== undefined) return readModelConfigFile(model);
  if (model.source !== "hub" || !model.name.includes("/") || rowOf(model.name)) return undefined;
  const found = hubModel(model);
  return { ...found.config, [HUB_SOURCE]: hubSource(model, found) };
}

/** Whether the catalogue has a repository, under whatever spelling. */
export const isKnownModel = (name: string): boolean => rowOf(name) !== undefined;

/** The row whose repository a name means, never one that only has the same shape: hosts download what is named. */
export function findRepository(name: string, where = "model.name"): ModelArchitecture {
  const found = rowOf(name);
  if (found) return found;
  const { name: other } = findModel(name);
  throw new UserError({
    code: "unknown-repository",
    where,
    message: `the catalogue has no ${name}, only ${other} of the same shape`,
    hint: `use ${other}, or give the config.json of ${name} in model.configPath`,
  });
}

/**
 * The architecture that a deployment serves, under the name that its hosts download, serve and report. Spellings and
 * short names become the repository's own name; weights from a bucket or a path keep the name that the user gives them.
 * Throws a UserError for a name that the catalogue lacks, or a config.json that cannot be planned.
 */
export function resolveModel(model: Deployment["model"], modelConfig?: unknown): ModelArchitecture {
  if (modelConfig !== undefined) return readModelConfig(modelConfig, model.name);
  if (model.configPath === undefined)
    return model.source === "hub"
      ? findRepository(model.name)
      : { ...findModel(model.name), name: model.name };
  throw new UserError({
    code: "model-config-unread",
    where: "model.configPath",
    message: `the content of ${model.configPath} was not given to the planner`,
    hint: "pass the parsed file as options.modelConfig",
  });
}
