/** What `npm ci` does last, and `npm pack` after the package is written: sees that the bundle is there and current. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildIfStale, root } from "./build.mjs";

// An earlier version quieted npm's banner here, and npm's errors with it: older checkouts still have its file.
const npmrc = join(root, ".npmrc");
if (existsSync(npmrc) && readFileSync(npmrc, "utf8").startsWith("# Written by scripts/prepare.mjs"))
  rmSync(npmrc);

await buildIfStale();
