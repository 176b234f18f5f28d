import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { PROJECT } from "../project";

/** As a shell and a reader of the stack file take it: `~` is the home folder, relative is relative to that file. */
export const keyFile = (path: string): string =>
  path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(PROJECT, path);

/** The SSH private key in a file that a config key names. Ends the program where it cannot be read. */
export function readKey(path: string, configKey: string): string {
  try {
    return readFileSync(keyFile(path), "utf8");
  } catch (error) {
    throw new pulumi.RunError(
      `${configKey}: cannot read ${path} (${error instanceof Error ? error.message : error}); ` +
        "set it to the file of an SSH private key on this machine",
    );
  }
}
