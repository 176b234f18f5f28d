import type { SchemaNode } from "./schema-node";

/** What a key may hold, as words: "a whole number >= 1", "`auto` or a number > 0". Used by errors and by the docs. */
export function describeType(node: SchemaNode): string {
  const union = node.anyOf ?? node.oneOf;
  if (union) return union.map(describeVariant).join(" or ");
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum) return `one of ${node.enum.map((value) => `\`${String(value)}\``).join(", ")}`;
  switch (node.type) {
    case "integer":
      return `a whole number${range(node, true)}`;
    case "number":
      return `a number${range(node, false)}`;
    case "boolean":
      return "`true` or `false`";
    case "array":
      return `a list${node.minItems ? ` of at least ${node.minItems}` : ""}${node.items ? `, each ${describeType(node.items)}` : ""}`;
    case "object":
      return describeObject(node);
    default:
      return describeText(node);
  }
}

function describeVariant(node: SchemaNode): string {
  const kind = node.properties?.kind?.const;
  return kind === undefined ? describeType(node) : `{kind: ${kind}, ${otherKeys(node).join(", ")}}`;
}

function otherKeys(node: SchemaNode): string[] {
  return Object.keys(node.properties ?? {})
    .filter((key) => key !== "kind")
    .map((key) => (node.required?.includes(key) ? key : `${key}?`));
}

function describeObject(node: SchemaNode): string {
  const { additionalProperties } = node;
  if (typeof additionalProperties === "object") return `keys with ${describeType(additionalProperties)}`;
  return `a group with the keys ${Object.keys(node.properties ?? {}).join(", ")}`;
}

function describeText(node: SchemaNode): string {
  if (node.format === "cidrv4") return "an IPv4 range such as 10.0.0.0/16";
  if (node.form) return node.form;
  return node.minLength ? "text that is not empty" : "text";
}

/** Bounds in words; what JSON Schema states for every whole number, that it is a safe one, is none. */
function range({ minimum, exclusiveMinimum, maximum }: SchemaNode, whole: boolean): string {
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  const least = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  const low =
    least !== undefined
      ? `>= ${least}`
      : exclusiveMinimum !== undefined
        ? whole
          ? `>= ${exclusiveMinimum + 1}`
          : `> ${exclusiveMinimum}`
        : "";
  const high = most === undefined ? "" : `<= ${most}`;
  const both = [low, high].filter((part) => part !== "").join(" and ");
  return both === "" ? "" : ` ${both}`;
}
