/** Writes the generated pages. `test/unit/config/generated-files.test.ts` fails when one is stale. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "../lib/config";

for (const { path, text } of generatedFiles()) {
  const target = join(__dirname, "..", path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  process.stdout.write(`${path}\n`);
}
