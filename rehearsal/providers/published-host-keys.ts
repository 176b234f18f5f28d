import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the machines of the stand-in wrote into SSM parameters at first boot, kept beside the engine's plugins. */
const FILE = join(process.env.PULUMI_HOME ?? ".", "stand-in-host-keys.json");

const read = (): Record<string, string> => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : {});

/** A machine named `...node-N` publishes its id and its host key (`STAND_IN_HOST_KEY`), as its user data would. */
export function publishHostKey(instanceName: string, instanceId: string): void {
  const node = /node-\d+$/.exec(instanceName)?.[0];
  if (node === undefined) return;
  writeFileSync(
    FILE,
    JSON.stringify({ ...read(), [node]: `${instanceId} ${process.env.STAND_IN_HOST_KEY}` }),
  );
}

/** Value of a parameter `.../host-key/node-N`; undefined for other parameters. */
export function publishedHostKey(parameter: string): string | undefined {
  const node = /\/host-key\/(node-\d+)$/.exec(parameter)?.[1];
  return node === undefined ? undefined : (read()[node] ?? "not yet published");
}
