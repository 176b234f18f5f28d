import { join } from "node:path";

/** Folder of Pulumi.yaml and the stack files, from which relative paths in the configuration are taken. */
export const PROJECT = join(__dirname, "..");
