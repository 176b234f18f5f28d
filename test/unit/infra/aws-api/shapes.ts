import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** A field's shape as `record.py` writes it: a scalar type's name, a list, a map (`*`), or a structure. */
export type Shape = string | readonly Shape[] | { readonly [field: string]: Shape };

/** An answer of AWS's API, by the names of its service models. */
export type Fields = { readonly [field: string]: unknown };

const shape: z.ZodType<Shape> = z.lazy(() =>
  z.union([z.string(), z.array(shape), z.record(z.string(), shape)]),
);
const read = (name: string): unknown => JSON.parse(readFileSync(join(__dirname, name), "utf8"));

const { calls, reservation } = z
  .object({
    calls: z.record(z.string(), z.object({ output: shape, errors: z.array(z.string()) })),
    reservation: z.record(z.string(), z.string()),
  })
  .parse(read("shapes.json"));

/** Shape of a call's answer, such as of `ec2:DescribeImages`. */
export function outputShape(call: string): Shape {
  const found = calls[call];
  if (found === undefined) throw new Error(`shapes.json has no ${call}`);
  return found.output;
}

/** Errors that the service model names for a call; that of EC2 names none. */
export const namedErrors = (call: string): readonly string[] => calls[call]?.errors ?? [];

/** `AWS::EC2::CapacityReservation` as CloudFormation describes it. */
export const RESERVATION: Shape = reservation;

/** What moto answered, by call. */
export const RECORDED = z
  .object({ answers: z.record(z.string(), z.record(z.string(), z.unknown())) })
  .parse(read("recorded.json")).answers;

const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  integer: Number.isInteger,
  long: Number.isInteger,
  double: (value) => typeof value === "number",
  float: (value) => typeof value === "number",
  number: (value) => typeof value === "number",
  timestamp: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
};

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Where a value is not of a shape: one line for each field that the shape lacks, or has with another type. */
export function misfits(value: unknown, of: Shape, path = ""): readonly string[] {
  if (typeof of === "string")
    return SCALARS[of]?.(value) ? [] : [`${path}: ${JSON.stringify(value)} is no ${of}`];
  if (isList(of)) {
    const [item = ""] = of;
    if (!Array.isArray(value)) return [`${path}: is no list`];
    return value.flatMap((each, index) => misfits(each, item, `${path}[${index}]`));
  }
  if (!isFields(value)) return [`${path}: is no structure`];
  return Object.entries(value).flatMap(([name, each]) => {
    const field = of[name] ?? of["*"];
    return field === undefined
      ? [`${path}.${name}: is not in the shape`]
      : misfits(each, field, `${path}.${name}`);
  });
}

/** A value that throws where it is asked for a field that its shape does not have. */
export function guarded<Value>(value: Value, of: Shape): Value {
  if (typeof of === "string") return value;
  if (isList(of))
    return (Array.isArray(value) ? value.map((each) => guarded(each, of[0] ?? "")) : value) as Value;
  if (!isFields(value)) return value;
  return new Proxy(value, {
    get: (target, name) => {
      if (typeof name === "symbol" || name === "toJSON") return undefined;
      const field = of[name] ?? of["*"];
      if (field === undefined) throw new Error(`AWS answers with no ${name}`);
      return guarded(target[name], field);
    },
  });
}

const isList = (of: Shape): of is readonly Shape[] => Array.isArray(of);
