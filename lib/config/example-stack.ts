import { stringify } from "yaml";
import { type DocumentedKey, documentedSections, flowYaml } from "./documented-keys";
import type { Deployment } from "./schema";
import { childValue } from "./schema-node";
import { NAMESPACE } from "./sections";

/**
 * A deployment as a complete stack file with every key explained: keys without a value stand as comments.
 * The file reads back as the same deployment. `schema` is where editors find the schema, from the file's folder.
 */
export function exampleStack(deployment: Deployment, schema: string): string {
  const sections = documentedSections().map(({ name, description, keys }) => {
    const value = childValue(deployment, name);
    const body = Array.isArray(value) ? listLines(value, keys) : groupLines(value, tree(name, keys), 2);
    return [`  # ${description}`, `  ${NAMESPACE}:${name}:`, ...body].join("\n");
  });
  return `# yaml-language-server: $schema=${schema}\nconfig:\n${sections.join("\n\n")}\n`;
}

/** Keys by their first segment below `prefix`; variants of a union belong to the union's own value. */
type KeyTree = ReadonlyMap<string, DocumentedKey | KeyTree>;

function tree(prefix: string, keys: readonly DocumentedKey[]): KeyTree {
  const result = new Map<string, DocumentedKey | KeyTree>();
  for (const key of keys) {
    const [name = "", ...rest] = key.key.slice(prefix.length + 1).split(".");
    if (rest.length === 0) result.set(name, key);
    else if (!result.has(name)) {
      const path = `${prefix}.${name}`;
      result.set(
        name,
        tree(
          path,
          keys.filter((other) => other.key.startsWith(`${path}.`)),
        ),
      );
    }
  }
  return result;
}

function groupLines(value: unknown, keys: KeyTree, depth: number): string[] {
  const indent = "  ".repeat(depth);
  return [...keys].flatMap(([name, entry]) => {
    const child = childValue(value, name);
    if (entry instanceof Map) return [`${indent}${name}:`, ...groupLines(child, entry, depth + 1)];
    const key = entry as DocumentedKey;
    const comments = [`${indent}# ${key.description}`, `${indent}# ${hint(key)}`];
    return [
      ...comments,
      child === undefined ? `${indent}# ${name}:` : `${indent}${name}: ${flowYaml(child)}`,
    ];
  });
}

function listLines(items: readonly unknown[], keys: readonly DocumentedKey[]): string[] {
  const comments = keys.map((key) => {
    const name = key.key.split(".").at(-1);
    return `    #   ${name}: ${key.description} ${hint(key)}`;
  });
  if (items.length === 0) return ["    []", ...comments];
  const yaml = stringify(items, { lineWidth: 0 }).trimEnd().split("\n");
  return [...comments, ...yaml.map((line) => `    ${line}`)];
}

function hint(key: DocumentedKey): string {
  const unit = key.unit === "" ? "" : ` (${key.unit})`;
  const fallback = key.default === undefined ? "" : `; default ${key.default}`;
  return `${key.type}${unit}${fallback}`;
}
