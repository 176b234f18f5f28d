import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./run-cli";

interface LockedPackage {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

describe("package-lock.json", () => {
  it("holds every package that another asks for, those of other platforms too: `npm ci` refuses it otherwise", () => {
    const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
    const packages: Record<string, LockedPackage> = lock.packages;
    // A registry without the packages of other platforms makes `npm install` leave them out of the lock file.
    const missing = Object.entries(packages).flatMap(([folder, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies }).filter(
        (name) => !isHeld(folder, name, packages),
      ),
    );
    assert.deepEqual(missing, []);
  });

  it("pins every direct dependency exactly", () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    for (const version of versions) assert.match(String(version), /^\d+\.\d+\.\d+$/);
  });
});

/** Node looks for a package in the folder that asks, then in each folder above. */
function isHeld(folder: string, name: string, packages: Record<string, LockedPackage>): boolean {
  if (`${folder === "" ? "" : `${folder}/`}node_modules/${name}` in packages) return true;
  if (folder === "") return false;
  const above = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")));
  return isHeld(above, name, packages);
}
