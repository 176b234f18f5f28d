import type { Json } from "../json/plan-json";

/** Every numeric leaf of a plan's JSON as dotted path and value, in the order of the JSON. */
export function numericFigures(json: Json, path = ""): readonly (readonly [string, number])[] {
  if (typeof json === "number") return [[path, json]];
  if (json === null || typeof json !== "object") return [];
  return Object.entries(json).flatMap(([key, value]: [string, Json]) =>
    numericFigures(value, path === "" ? key : `${path}.${key}`),
  );
}
