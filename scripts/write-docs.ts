/** Writes the generated pages. Tests fail when one is stale. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cliPage } from "../lib/cli/cli-page";
import { COMMANDS } from "../lib/cli/commands";
import { generatedFiles } from "../lib/config";

for (const { path, text } of [...generatedFiles(), { path: "docs/cli.md", text: cliPage(COMMANDS) }]) {
  const target = join(__dirname, "..", path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  process.stdout.write(`${path}\n`);
}
