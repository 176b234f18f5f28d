/** Writes docs/claims.md from the plan of the prod stack. `test/unit/report/claims-page.test.ts` fails when it is stale. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readStackFile } from "../lib/config";
import { claimsPage } from "../lib/report";
import { plan } from "../lib/strategy";

const root = join(__dirname, "..");
writeFileSync(join(root, "docs/claims.md"), claimsPage(plan(readStackFile(join(root, "Pulumi.prod.yaml")))));
process.stdout.write("docs/claims.md\n");
