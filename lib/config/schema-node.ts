import { z } from "zod";
import { deploymentSchema } from "./schema";

/** The part of JSON Schema that the deployment schema uses. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  /** Unit of the value, where it has one. */
  readonly unit?: string;
  /** What the text must look like, in words; beside `pattern`. */
  readonly form?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly minLength?: number;
}

export type PathSegment = string | number;

let cached: SchemaNode | undefined;

/** JSON Schema (draft 2020-12) of a deployment as a user writes it; made once from the zod schema. */
export function deploymentNode(): SchemaNode {
  cached ??= z.toJSONSchema(deploymentSchema, { io: "input" }) as SchemaNode;
  return cached;
}

/** Schema of the value at `path` below `node`; `value` picks the variant where a node has several. */
export function nodeAt(
  node: SchemaNode,
  path: readonly PathSegment[],
  value?: unknown,
): SchemaNode | undefined {
  const [segment, ...rest] = path;
  const variant = variantOf(node, value);
  if (segment === undefined) return node;
  const child = childNode(variant, segment);
  return child && nodeAt(child, rest, childValue(value, segment));
}

/** The variant of a union of objects whose `kind` the value names; the node itself for everything else. */
export function variantOf(node: SchemaNode, value: unknown): SchemaNode {
  if (node.oneOf === undefined) return node;
  const kind = childValue(value, "kind");
  return node.oneOf.find((variant) => variant.properties?.kind?.const === kind) ?? node;
}

/** Schema of one key or list item of `node`. */
export function childNode(node: SchemaNode, segment: PathSegment): SchemaNode | undefined {
  if (node.type === "array") return node.items;
  const { properties, additionalProperties } = node;
  if (properties && Object.hasOwn(properties, segment)) return properties[segment];
  if (typeof additionalProperties === "object") return additionalProperties;
  if (segment === "kind" && node.oneOf) {
    return { enum: node.oneOf.map((variant) => variant.properties?.kind?.const) };
  }
  return undefined;
}

/** Value of one key or list item; undefined where there is none. */
export function childValue(value: unknown, segment: PathSegment): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
  return (value as Record<PathSegment, unknown>)[segment];
}
