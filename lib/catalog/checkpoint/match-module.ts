import { refuseConfig } from "../families/config-reader";

/** What wrappers put before the text model's own module names. */
const WRAPPERS =
  /^(model\.language_model\.model|model\.language_model|language_model\.model|language_model|model|backbone)\./;

/** Module names without wrappers and without the number of an expert, so that two spellings of a module agree. */
export const plainModule = (name: string): string =>
  name.replace(WRAPPERS, "").replace(/\.experts\.\d+\./, ".experts.");

const escaped = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");

/** Whether a module, named without wrappers, is meant. */
type Matcher = (module: string) => boolean;

/** How checkpoints spell a module. */
const namesOf = (module: string): string[] => [
  module,
  ...["model", "model.language_model", "language_model.model"].map((wrapper) => `${wrapper}.${module}`),
];

/** A module as Python's `re.match` looks for it: from the start of its name, with a wrapper or without. Throws a UserError for what is no expression. */
export function expressionMatcher(source: string): Matcher {
  // Python writes the flag that ignores case into the expression.
  const [, inline = "", rest = ""] = /^(\(\?i\))?(.*)$/s.exec(source) ?? [];
  try {
    const expression = new RegExp(`^(?:${rest})`, inline ? "i" : "");
    return (module) => namesOf(module).some((name) => expression.test(name));
  } catch {
    throw refuseConfig(`"${source}" in quantization_config is no regular expression that can be read`);
  }
}

/**
 * Reads an entry of an ignore list: `re:` expressions as compressed-tensors writes them, `*` as ModelOpt does, else whole
 * segments of the path (AWQ, FP8).
 */
export function moduleMatcher(entry: string): Matcher {
  if (entry.startsWith("re:")) return expressionMatcher(entry.slice(3));
  const own = plainModule(entry);
  if (!own.includes("*")) return (module) => `.${module}.`.includes(`.${own}.`);
  const expression = new RegExp(`^${own.split("*").map(escaped).join(".*")}$`);
  return (module) => expression.test(module) || expression.test(`model.${module}`);
}

/** A part of a module's name, wherever it stands. */
export const nameMatcher =
  (entry: string): Matcher =>
  (module) =>
    namesOf(module).some((name) => name.includes(entry));

/** As AWQ reads its list: in the names that vLLM gives to modules, where projections are joined and experts are one. */
export const wordsMatcher = (entry: string): Matcher => {
  const means = nameMatcher(entry);
  const joined = (module: string) =>
    module
      .replace(/\.experts\..*$/, ".experts")
      .replace(/\.[qkv]_proj$/, ".qkv_proj")
      .replace(/\.(gate|up)_proj$/, ".gate_up_proj");
  return (module) => means(joined(module)) || (!module.includes(".experts.") && means(module));
};
