import { stringify } from "yaml";
import { describeType } from "./describe-type";
import { deploymentNode, type SchemaNode } from "./schema-node";

/** One key as the reference lists it. */
export interface DocumentedKey {
  /** Dotted, such as `slo.decode.p50Ms`; list items as `hosts[].address`. */
  readonly key: string;
  /** What it may hold, in words. */
  readonly type: string;
  readonly unit: string;
  /** As YAML would write it; undefined where there is none. */
  readonly default: string | undefined;
  readonly description: string;
  /** The key must be given. */
  readonly required: boolean;
}

/** One section of the configuration with its keys. */
export interface DocumentedSection {
  readonly name: string;
  readonly description: string;
  readonly keys: readonly DocumentedKey[];
}

/** Every section and key of the configuration, in the order of the schema. */
export function documentedSections(): DocumentedSection[] {
  return Object.entries(deploymentNode().properties ?? {}).map(([name, node]) => ({
    name,
    description: node.description ?? "",
    keys: node.items ? keysBelow(`${name}[]`, node.items) : keysBelow(name, node),
  }));
}

function keysBelow(prefix: string, node: SchemaNode): DocumentedKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const key = `${prefix}.${name}`;
    if (child.oneOf) {
      return [
        documented(key, child, node, name),
        ...child.oneOf.flatMap((variant) => variantKeys(key, variant)),
      ];
    }
    return child.properties ? keysBelow(key, child) : [documented(key, child, node, name)];
  });
}

/** Keys of one variant of a union, with the variant in the name: `promptTokens.median (lognormal)`. */
function variantKeys(prefix: string, variant: SchemaNode): DocumentedKey[] {
  const kind = String(variant.properties?.kind?.const);
  return Object.entries(variant.properties ?? {})
    .filter(([name]) => name !== "kind")
    .map(([name, child]) => ({
      ...documented(`${prefix}.${name}`, child, variant, name),
      type: `${describeType(child)} (kind \`${kind}\`)`,
    }));
}

function documented(key: string, node: SchemaNode, parent: SchemaNode, name: string): DocumentedKey {
  return {
    key,
    type: describeType(node),
    unit: node.unit ?? "",
    default: node.default === undefined ? undefined : flowYaml(node.default),
    description: node.description ?? "",
    required: parent.required?.includes(name) ?? false,
  };
}

/** A value on one line of YAML. */
export function flowYaml(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
}
