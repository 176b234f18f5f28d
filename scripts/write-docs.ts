/** Writes the generated pages. Tests fail when one is stale. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { operatorPolicy } from "../infra/aws/operator-policy";
import { catalogueNames } from "../lib/catalog";
import { cliPage } from "../lib/cli/cli-page";
import { COMMANDS } from "../lib/cli/commands";
import { generatedFiles } from "../lib/config";
import { glossaryPage } from "../lib/report";
import { LIBRARY_ENTRIES, typesProgram } from "./library-types";
import { planSchemaFile } from "./plan-schema";

const pages = [
  ...generatedFiles(catalogueNames()),
  { path: "docs/cli.md", text: cliPage(COMMANDS) },
  { path: "docs/glossary.md", text: glossaryPage() },
  { path: "docs/aws-policy.json", text: `${JSON.stringify(operatorPolicy(), null, 2)}\n` },
  planSchemaFile(typesProgram(LIBRARY_ENTRIES)),
];
for (const { path, text } of pages) {
  const target = join(__dirname, "..", path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  process.stdout.write(`${path}\n`);
}
