/** What `npm ci` does last: makes the bundle, and quiets npm's banner so that results can be piped. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, root } from "./build.mjs";

// `npm run plan -- --format json | jq` gets clean JSON only if npm keeps its "> shardplan@..." lines to itself, and
// `silent` is the one level at which it does. Written here and not committed, so that a first install that fails says why.
const QUIET = `# Written by scripts/prepare.mjs: npm keeps quiet, so that \`npm run plan -- --format json | jq\` works.
# Delete this file, or give --loglevel=notice, to hear from npm.
loglevel=silent
`;

const npmrc = join(root, ".npmrc");
if (!existsSync(npmrc)) writeFileSync(npmrc, QUIET);
await build();
