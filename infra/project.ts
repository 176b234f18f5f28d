import { existsSync } from "node:fs";
import { join } from "node:path";

const CHECKOUT = join(__dirname, "..");

/**
 * Folder of Pulumi.yaml and the stack files, from which relative paths in the configuration are taken; for a component in
 * somebody else's program the folder in which that runs.
 */
export const PROJECT = existsSync(join(CHECKOUT, "Pulumi.yaml")) ? CHECKOUT : process.cwd();
