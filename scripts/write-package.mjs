/** What `npm pack` and `npm publish` do first: the library, its types, and a look that the plan's schema is current. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildLibrary, root } from "./build.mjs";
import { LIBRARY_ENTRIES, typesProgram, writeDeclarations } from "./library-types.ts";
import { planSchemaFile } from "./plan-schema.ts";

await buildLibrary();
const program = typesProgram(LIBRARY_ENTRIES);
const { path, text } = planSchemaFile(program);
if (readFileSync(join(root, path), "utf8") !== text)
  throw new Error(`${path} is stale: run \`npm run docs\``);
writeDeclarations(program, LIBRARY_ENTRIES, join(root, "dist/types"));
