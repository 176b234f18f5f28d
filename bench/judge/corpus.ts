import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { configFolder } from "../aiconfigurator";
import { catalogueFiles } from "./catalogue-files";
import { shapes } from "./shapes";
import { variants } from "./variants";

/** A model as vLLM finds it: its config.json, and the hf_quant_config.json that may lie beside it. */
export interface Checkpoint {
  readonly name: string;
  /** File name -> content, to be written into a folder as it is. */
  readonly files: Readonly<Record<string, string>>;
  /** Parsed config.json; what lies beside it stands under the key of its name. */
  readonly config: Readonly<Record<string, unknown>>;
}

type Parsed = Readonly<Record<string, unknown>>;

/** Parses JSON as Python writes it: Nemotron's configs have `Infinity`. */
const parse = (text: string): Parsed => JSON.parse(text.replace(/\bInfinity\b/g, "1e308")) as Parsed;

const QUANTIZATION = "hf_quant_config";

function checkpoint(name: string, files: Readonly<Record<string, string>>): Checkpoint {
  const beside = files[`${QUANTIZATION}.json`];
  const config = parse(files["config.json"] ?? "{}");
  return {
    name,
    files,
    config: beside === undefined ? config : { ...config, [QUANTIZATION]: parse(beside) },
  };
}

/** The published config.json files that the package carries. */
function published(folder: string): Checkpoint[] {
  const names = readdirSync(folder);
  return names
    .filter((file) => file.endsWith("_config.json") && !file.endsWith(`_${QUANTIZATION}.json`))
    .sort()
    .map((file) => {
      const stem = file.replace(/_config\.json$/, "");
      const beside = `${stem}_${QUANTIZATION}.json`;
      const read = (path: string) => readFileSync(join(folder, path), "utf8");
      return checkpoint(stem.replace("--", "/"), {
        "config.json": read(file),
        ...(names.includes(beside) ? { [`${QUANTIZATION}.json`]: read(beside) } : {}),
      });
    });
}

const made = ({ name, config }: { readonly name: string; readonly config: Parsed }): Checkpoint =>
  checkpoint(name, { "config.json": JSON.stringify(config) });

/** Checkpoints that need no download: the catalogue's models, other shapes, and how people quantise them. */
export function ownCheckpoints(): readonly Checkpoint[] {
  const plain = [...catalogueFiles(), ...shapes];
  return [...plain, ...variants(plain)].map(made);
}

/** Every checkpoint that the judge knows: these, and the published files where there is one of a name. */
export function corpus(): readonly Checkpoint[] {
  const files = published(configFolder());
  const names = new Set(files.map(({ name }) => name));
  return [...files, ...ownCheckpoints().filter(({ name }) => !names.has(name))];
}
