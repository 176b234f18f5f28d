import { existsSync } from "node:fs";
import { join } from "node:path";

/** Folder of the scripts, programs and locks: this one, or in the published package the one beside its bundle. */
const FOLDER = existsSync(join(__dirname, "steps")) ? __dirname : join(__dirname, "infra");

/** Path of a file that goes to hosts as it is. */
export const fileOf = (...path: readonly string[]): string => join(FOLDER, ...path);
