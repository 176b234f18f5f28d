import { nearestName } from "./nearest-key";
import { inBackticks } from "./program-name";
import { childValue } from "./schema-node";
import { NAMESPACE } from "./sections";

const EXAMPLE = `${inBackticks("config example")} prints a stack file to start from`;

/** What is wrong with the file as a whole: without a map of keys nothing is asked, and nothing may be proven. */
export function wholeProblem(file: unknown): { key: string; text: string } | undefined {
  if (file === null || file === undefined) return { key: "", text: `is empty; ${EXAMPLE}` };
  if (typeof file !== "object" || Array.isArray(file))
    return { key: "", text: `is no stack file: it holds ${foundText(file)}; ${EXAMPLE}` };
  const config = childValue(file, "config");
  if (config === undefined) {
    const names = Object.keys(file);
    const near = names.find((name) => nearestName(name, ["config"]) !== undefined);
    const found = names.length === 0 ? "nothing" : names.slice(0, 5).join(", ").slice(0, 80);
    return {
      key: "",
      text: near
        ? `unknown key ${near}; did you mean config?`
        : `has no key config, only ${found}; ${EXAMPLE}`,
    };
  }
  if (typeof config !== "object" || config === null || Array.isArray(config))
    return { key: "config", text: `must be a map of ${NAMESPACE}:<section>; given ${foundText(config)}` };
  return undefined;
}

function foundText(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value === null) return "nothing";
  // Not every file is text: only what can be printed is shown.
  const shown = String(value)
    .replaceAll(/[^\x20-\x7e]+/g, "?")
    .slice(0, 40);
  return `the ${typeof value === "string" ? "text" : typeof value} "${shown}"`;
}
