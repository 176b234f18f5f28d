import { inBackticks, nearestName, nearestNames, UserError } from "../config";
import { gpus } from "./gpus";
import { instanceTypes } from "./instance-types";
import configs from "./model-configs.json";
import { models } from "./models";
import { readModelConfig } from "./read-model-config";
import type { Gpu, InstanceType, ModelArchitecture } from "./types";

/** What two spellings of a model's name must share: organisation, `Meta-`, and variant suffixes do not change a shape. */
export function modelKey(name: string): string {
  return name
    .split("/")
    .slice(-1)
    .join("")
    .toLowerCase()
    .replace(/^meta-/, "")
    .replace(/-(fp8-kv|fp8-dynamic|fp8|dynamic|static|pertensor|bf16)\b/g, "")
    .replace(/-(instruct|chat|hf|it|base|v0\.\d)\b/g, "");
}

const gpuKey = (name: string) =>
  name
    .toLowerCase()
    .replace(/^nvidia[- ]/, "")
    .replace(/[\s_-]/g, "");

/** Short names that people use for the GPUs of the catalogue: all that a name may mean, the most usual first. */
const gpuAliases: Readonly<Record<string, readonly string[]>> = {
  h100: ["H100-SXM-80GB", "H100-PCIE-80GB", "H100-NVL-94GB"],
  h100sxm: ["H100-SXM-80GB"],
  h10080gb: ["H100-SXM-80GB", "H100-PCIE-80GB"],
  h10080gbhbm3: ["H100-SXM-80GB"],
  h200: ["H200-SXM-141GB"],
  h200sxm: ["H200-SXM-141GB"],
  b200: ["B200-SXM-180GB"],
  b300: ["B300-SXM-288GB"],
  a100: ["A100-SXM-80GB", "A100-SXM-40GB", "A100-PCIE-80GB", "A100-PCIE-40GB"],
  a100sxm: ["A100-SXM-80GB", "A100-SXM-40GB"],
  a10080gb: ["A100-SXM-80GB", "A100-PCIE-80GB"],
  a10040gb: ["A100-SXM-40GB", "A100-PCIE-40GB"],
  l40s: ["L40S-48GB"],
  l4: ["L4-24GB"],
  a10g: ["A10G-24GB"],
  rtxpro6000: ["RTX-PRO-6000-96GB", "RTX-PRO-6000-WORKSTATION-96GB"],
  rtxpro6000blackwellserveredition: ["RTX-PRO-6000-96GB"],
  rtxpro6000blackwellworkstationedition: ["RTX-PRO-6000-WORKSTATION-96GB"],
  h100pcie: ["H100-PCIE-80GB"],
  h100nvl: ["H100-NVL-94GB"],
  h20: ["H20-96GB"],
  gb200: ["GB200-186GB"],
  gb300: ["GB300-278GB"],
  a100pcie: ["A100-PCIE-80GB", "A100-PCIE-40GB"],
  a10080gbpcie: ["A100-PCIE-80GB"],
  a100pcie40gb: ["A100-PCIE-40GB"],
  a30: ["A30-24GB"],
  t4: ["T4-16GB"],
  teslat4: ["T4-16GB"],
  rtx4090: ["RTX-4090-24GB"],
  geforcertx4090: ["RTX-4090-24GB"],
  rtx5090: ["RTX-5090-32GB"],
  geforcertx5090: ["RTX-5090-32GB"],
  mi300x: ["MI300X-192GB"],
};

const ownRows: ReadonlyMap<string, ModelArchitecture> = new Map(models.map((row) => [row.name, row]));
const configRows = new Map(configs.map((row) => [row.name, row]));
const names = [...ownRows.keys(), ...configRows.keys()];
/** Read from their config.json so far: a plan needs one, and all of them would take a tenth of a second. */
const read = new Map<string, ModelArchitecture>();

function readRow(row: (typeof configs)[number]): ModelArchitecture {
  const model = {
    ...readModelConfig(row.config, row.name),
    provenance: {
      source: `config.json carried in aiconfigurator-core 0.12.0, model_configs/${row.file}_config.json`,
      date: "2026-11-26",
    },
  };
  read.set(row.name, model);
  return model;
}

function modelOf(name: string): ModelArchitecture | undefined {
  const row = configRows.get(name);
  return ownRows.get(name) ?? read.get(name) ?? (row && readRow(row));
}

/** The first model of the catalogue whose name fulfils a condition. */
export function modelWhere(fits: (name: string) => boolean): ModelArchitecture | undefined {
  const name = names.find(fits);
  return name === undefined ? undefined : modelOf(name);
}

/** All models of the catalogue: rows of their own, and those that are made from the facts of their config.json. */
export function listModels(): readonly ModelArchitecture[] {
  return names.flatMap((name) => modelOf(name) ?? []);
}

/** All GPUs of the catalogue. */
export function listGpus(): readonly Gpu[] {
  return gpus;
}

/** All instance types of the catalogue. */
export function listInstanceTypes(): readonly InstanceType[] {
  return instanceTypes;
}

/** The last part of a repository's name in small letters: the organisation may be left out. */
const repositoryKey = (name: string) => (name.split("/").at(-1) ?? name).toLowerCase();

/**
 * The architecture of a model by name: exact, without its organisation, or without `Meta-` and suffixes such as
 * `-Instruct` that do not change its shape. Throws a UserError when the catalogue has none.
 */
export function findModel(name: string): ModelArchitecture {
  const found =
    modelOf(name) ??
    modelWhere((known) => repositoryKey(known) === repositoryKey(name)) ??
    modelWhere((known) => modelKey(known) === modelKey(name));
  if (found) return found;
  const nearest = [...new Set([...swapped(name), ...nearestNames(modelKey(name), names, modelKey)])].slice(
    0,
    3,
  );
  throw new UserError({
    code: "unknown-model",
    where: "model.name",
    message: `no model "${name}" in the catalogue, nearest are ${nearest.join(", ")}`,
    hint: `${inBackticks("models")} lists all; for another one give its config.json in model.configPath`,
  });
}

const letters = (name: string) => [...repositoryKey(name)].sort().join("");

/** Letters and digits in another order are likelier meant than others: 23B is 32B, and no nearer to 8B. */
const swapped = (name: string) => names.filter((known) => letters(known) === letters(name));

/** The repository of the catalogue that a mistyped one most likely means; undefined when none is near enough to be meant. */
export const modelMeant = (name: string): string | undefined => swapped(name)[0] ?? nearestName(name, names);

/** Every GPU of the catalogue that a name may mean, the most usual first: by its own name, or a common short one. */
export function gpusMeant(name: string): readonly Gpu[] {
  const aliases = gpuAliases[gpuKey(name)] ?? [name];
  return aliases.flatMap((alias) => gpus.find((gpu) => gpuKey(gpu.name) === gpuKey(alias)) ?? []);
}

/** Most ask by the catalogue's own name, a search thousands of times. */
const gpusByName: ReadonlyMap<string, Gpu> = new Map(gpus.map((gpu) => [gpu.name, gpu]));

/** A GPU by name, or the most usual one of a common short name. Throws a UserError when the catalogue has none. */
export function findGpu(name: string): Gpu {
  const found = gpusByName.get(name) ?? gpusMeant(name)[0];
  if (found) return found;
  const known = gpus.map((gpu) => gpu.name);
  const holding = known.filter((other) => gpuKey(other).includes(gpuKey(name)));
  throw new UserError({
    code: "unknown-gpu",
    where: "hardware.gpu",
    message: `no GPU "${name}" in the catalogue, nearest are ${(holding.length > 0 ? holding : nearestNames(name, known)).join(", ")}`,
    hint: `${inBackticks("hardware")} lists all; another one is described by its figures in hardware.custom`,
  });
}

/** The one GPU that a name means. Throws a UserError when the catalogue has none, or several of that name. */
export function findOneGpu(name: string): Gpu {
  const found = findGpu(name);
  const meant = gpusMeant(name).map((gpu) => gpu.name);
  if (meant.length === 1) return found;
  throw new UserError({
    code: "several-gpus",
    where: "hardware.gpu",
    message: `"${name}" is ${meant.length} GPUs of the catalogue`,
    hint: `name one: ${meant.join(", ")}`,
  });
}

/** An instance type by its exact EC2 name. Throws a UserError when the catalogue has none. */
export function findInstanceType(name: string): InstanceType {
  const found = instanceTypes.find((type) => type.name === name);
  if (found) return found;
  const known = instanceTypes.map((type) => type.name);
  throw new UserError({
    code: "unknown-instance-type",
    where: "hardware.instanceType",
    message: `no instance type "${name}" in the catalogue, nearest are ${nearestNames(name, known).join(", ")}`,
    hint: `${inBackticks("hardware")} lists all; for other machines use custom with hardware.gpu and hardware.gpusPerNode`,
  });
}
