import { closest, distance } from "fastest-levenshtein";
import { deploymentNode, type SchemaNode } from "./schema-node";

/** The known name nearest to a mistyped one; undefined when none is near enough to be meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const lower = name.toLowerCase();
  const best = closest(
    lower,
    known.map((candidate) => candidate.toLowerCase()),
  );
  // A third of the letters wrong is a typing error; more is another word, unless it is the beginning of one.
  const most = Math.min(Math.max(2, Math.floor(name.length / 3)), name.length - 1);
  if (distance(lower, best) <= most) return known.find((candidate) => candidate.toLowerCase() === best);
  return known.find((candidate) => name.length > 2 && candidate.toLowerCase().startsWith(lower));
}

/**
 * The three known names that are most like a mistyped one, the most like first. People leave endings out, so that it is held
 * against the beginning of each; `keyOf` is what of a known name is compared.
 */
export function nearestNames(
  name: string,
  known: readonly string[],
  keyOf: (name: string) => string = (each) => each,
): readonly string[] {
  const wanted = name.toLowerCase();
  const ranked = known.map((candidate) => {
    const key = keyOf(candidate).toLowerCase();
    const beginnings = [-1, 0, 1].map((more) => distance(wanted, key.slice(0, wanted.length + more)));
    return { candidate, far: Math.min(...beginnings), whole: distance(wanted, key) };
  });
  return ranked
    .sort((a, b) => a.far - b.far || a.whole - b.whole)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** The known key that an unknown one most likely means: a neighbour in its group, else the same name elsewhere. */
export function nearestKey(path: string, siblings: readonly string[]): string | undefined {
  const name = path.slice(path.lastIndexOf(".") + 1);
  const sibling = nearestName(name, siblings);
  if (sibling !== undefined) return path.slice(0, path.length - name.length) + sibling;
  const keys = allKeys(deploymentNode(), "");
  const same = keys.find((key) => key.endsWith(`.${name}`));
  return same ?? nearestName(path, keys);
}

/** Every dotted key that holds a value, for completion. */
export function configKeys(): string[] {
  const keys = allKeys(deploymentNode(), "");
  return keys.filter((key) => !keys.some((other) => other.startsWith(`${key}.`)));
}

/** Every dotted key of the schema, groups included. */
function allKeys(node: SchemaNode, prefix: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => [
    `${prefix}${name}`,
    ...allKeys(child, `${prefix}${name}.`),
  ]);
}
