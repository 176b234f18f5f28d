/** Runs the command line of a checkout: from the bundle, made anew when a source has changed. */
import { createRequire } from "node:module";
import { buildIfStale, bundle } from "./build.mjs";

// npm's banner goes to the stdout of what it runs, where a reader of JSON stumbles over it; only `-s` leaves it out.
const { npm_lifecycle_event: script, npm_config_loglevel: level } = process.env;
const isByNpm = ["plan", "predict", "shardplan"].includes(script ?? "") && level !== "silent";
const line = process.argv.slice(2).join(" ");
const isForPrograms =
  /^predict|(^| )(--json|--format[ =](json|csv))( |$)/.test(line) && !/(^| )(-o|--out)[ =]/.test(line);
if (isByNpm && isForPrograms && !process.stdout.isTTY) {
  process.stderr.write(
    `npm's banner stands before this output: \`npm run -s ${script} -- ...\` leaves it out\n`,
  );
}

await buildIfStale();
createRequire(import.meta.url)(bundle);
