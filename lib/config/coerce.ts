import { childNode, type SchemaNode, variantOf } from "./schema-node";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Brings values that went through a shell or through Pulumi's string config into the types the schema asks for:
 * "8" to 8, "true" to true, JSON text to what it holds, 16 to "16" where text is wanted, null to "not set".
 * What cannot be brought over stays as it is, and the schema refuses it.
 */
export function coerce(value: unknown, node: SchemaNode): unknown {
  if (value === null) return undefined;
  if (typeof value === "string") return coerceText(value, node);
  if (typeof value === "number" || typeof value === "boolean") return coerceScalar(value, node);
  if (Array.isArray(value)) return value.map((item) => coerceChild(item, node, 0));
  if (typeof value === "object") {
    const variant = variantOf(node, value);
    const entries = Object.entries(value).map(([key, item]) => [key, coerceChild(item, variant, key)]);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }
  return value;
}

function coerceChild(value: unknown, node: SchemaNode, segment: string | number): unknown {
  const child = childNode(node, segment);
  return child ? coerce(value, child) : value;
}

function coerceText(text: string, node: SchemaNode): unknown {
  const trimmed = text.trim();
  if (accepts(node, "number") && NUMBER.test(trimmed)) return Number(trimmed);
  if (accepts(node, "boolean") && (trimmed === "true" || trimmed === "false")) return trimmed === "true";
  if (accepts(node, "object") || accepts(node, "array")) {
    const parsed = parseJson(trimmed);
    return parsed === undefined ? text : coerce(parsed, node);
  }
  return text;
}

/** Whole numbers and booleans print back as they were written; 0.10 would not, so it stays and is refused. */
function coerceScalar(value: number | boolean, node: SchemaNode): unknown {
  const exact = typeof value === "boolean" || Number.isSafeInteger(value);
  return node.type === "string" && node.enum === undefined && exact ? String(value) : value;
}

function accepts(node: SchemaNode, type: "number" | "boolean" | "object" | "array"): boolean {
  const variants = node.anyOf ?? node.oneOf;
  if (variants) return variants.some((variant) => accepts(variant, type));
  return node.type === type || (type === "number" && node.type === "integer");
}

function parseJson(text: string): unknown {
  if (!text.startsWith("{") && !text.startsWith("[")) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
