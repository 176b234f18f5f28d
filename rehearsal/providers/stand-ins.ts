import { access, chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A plugin that has a stand-in: its version is the one of the npm package that the program loads. */
interface StandIn {
  readonly version: string;
  readonly program: string;
}

export const STAND_INS = {
  command: { version: "1.2.1", program: join(__dirname, "command-provider.ts") },
  aws: { version: "7.48.0", program: join(__dirname, "aws-provider.ts") },
} satisfies Record<string, StandIn>;

export type StandInName = keyof typeof STAND_INS;

/**
 * Puts stand-ins for plugins into `pulumiHome/plugins`, where the engine finds and starts them as it does the real
 * ones. A plugin that is there already, or on PATH, is the real one and wins. `SHARDPLAN_REAL_PLUGINS` (names,
 * comma-separated, or `all`) leaves stand-ins out, so that the engine downloads the real plugins.
 * Returns the names of the stand-ins that were put in place.
 */
export async function installStandIns(
  pulumiHome: string,
  names: readonly StandInName[],
): Promise<StandInName[]> {
  const installed: StandInName[] = [];
  for (const name of names) {
    if (await realPluginWins(name, pulumiHome)) continue;
    await installStandIn(name, pulumiHome);
    installed.push(name);
  }
  return installed;
}

function pluginFolder(name: StandInName, pulumiHome: string): string {
  return join(pulumiHome, "plugins", `resource-${name}-v${STAND_INS[name].version}`);
}

async function realPluginWins(name: StandInName, pulumiHome: string): Promise<boolean> {
  const wanted = (process.env.SHARDPLAN_REAL_PLUGINS ?? "").split(",");
  if (wanted.includes(name) || wanted.includes("all")) return true;
  const file = `pulumi-resource-${name}`;
  const folders = [pluginFolder(name, pulumiHome), ...(process.env.PATH ?? "").split(":")];
  const found = await Promise.all(folders.map((folder) => exists(join(folder, file))));
  return found.includes(true);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function installStandIn(name: StandInName, pulumiHome: string): Promise<void> {
  const folder = pluginFolder(name, pulumiHome);
  await mkdir(folder, { recursive: true });
  const executable = join(folder, `pulumi-resource-${name}`);
  // The loader is named by path: the engine starts plugins in a folder of its own.
  const command = [process.execPath, "--import", require.resolve("tsx"), STAND_INS[name].program];
  const quoted = command.map((word) => `'${word}'`).join(" ");
  await writeFile(executable, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  await chmod(executable, 0o755);
}
