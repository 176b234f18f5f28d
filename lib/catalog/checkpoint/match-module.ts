/** What wrappers put before the text model's own module names. */
const WRAPPERS =
  /^(model\.language_model\.model|model\.language_model|language_model\.model|language_model|model|backbone)\./;

/** Module names without wrappers and without the number of an expert, so that two spellings of a module agree. */
export const plainModule = (name: string): string =>
  name.replace(WRAPPERS, "").replace(/\.experts\.\d+\./, ".experts.");

const escaped = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");

/**
 * Whether an entry of an ignore list names a module: `re:` expressions as compressed-tensors writes them, `*` as ModelOpt
 * does, else whole segments of the path (AWQ, FP8).
 */
export function namesModule(entry: string, module: string): boolean {
  const wrapped = `model.${module}`;
  if (entry.startsWith("re:")) {
    const expression = new RegExp(`^(?:${entry.slice(3)})`);
    return expression.test(wrapped) || expression.test(module);
  }
  const own = plainModule(entry);
  if (own.includes("*")) {
    const expression = new RegExp(`^${own.split("*").map(escaped).join(".*")}$`);
    return expression.test(module) || expression.test(wrapped);
  }
  return `.${module}.`.includes(`.${own}.`);
}
