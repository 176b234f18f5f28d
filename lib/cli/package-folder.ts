import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of shardplan's own package.json: the checkout, or where npm installed it. */
export function packageFolder(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, "package.json")) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

/** Version of this package. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8"));
  const holdsVersion = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return holdsVersion ? String(manifest.version) : "unknown";
}
