import { join } from "node:path";
import type * as ts from "typescript";
import { returnSchema } from "./type-schema";

/** The schema of the JSON of a plan, as published: made from the type of what is printed. */
export function planSchemaFile(program: ts.Program): { readonly path: string; readonly text: string } {
  const file = join(__dirname, "../lib/report/json/plan-json.ts");
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A plan of shardplan (plan --format json)",
    description:
      "Keys are stable: one may be added, none renamed or removed without a new schemaVersion. A number that is not finite is null.",
    ...returnSchema(program, file, "planObject"),
  };
  return { path: "schema/plan.schema.json", text: `${JSON.stringify(schema, null, 2)}\n` };
}
