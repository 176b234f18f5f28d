import type { Json } from "../json/plan-json";

/** Every figure of a plan's JSON as dotted path and value, in the order of the JSON; inputs of its provenance are none. */
export function numericFigures(json: Json, path = ""): readonly (readonly [string, number])[] {
  if (typeof json === "number") return [[path, json]];
  if (json === null || typeof json !== "object") return [];
  return Object.entries(json).flatMap(([key, value]: [string, Json]) =>
    path === "" && key === "provenance" ? [] : numericFigures(value, path === "" ? key : `${path}.${key}`),
  );
}
