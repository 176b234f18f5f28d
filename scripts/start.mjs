/** Runs the command line of a checkout: from the bundle, made anew when a source has changed. */
import { createRequire } from "node:module";
import { buildIfStale, bundle } from "./build.mjs";

await buildIfStale();
createRequire(import.meta.url)(bundle);
