import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, processIdentity } from "./process-identity";

/** Folder, outside the checkout, of what takes long to make: `SHARDPLAN_CACHE`, else ~/.cache/shardplan. */
export function cacheFolder(): string {
  return (
    process.env.SHARDPLAN_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "shardplan")
  );
}

/**
 * Path of a cached file or folder; `make` writes it to the temporary path that it is given when it is not there yet.
 * Two processes never make the same thing at once, and what is half made is never found under its final name.
 */
export async function cached(name: string, make: (temporary: string) => Promise<void>): Promise<string> {
  const path = join(cacheFolder(), name);
  if (await exists(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.partial`;
  const unlock = await lock(`${path}.lock`);
  try {
    if (await exists(path)) return path;
    await rm(temporary, { recursive: true, force: true });
    await make(temporary);
    await rename(temporary, path);
    return path;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  } finally {
    await unlock();
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Waits until no living process holds the lock file, then holds it. Returns how to give it back. */
async function lock(path: string): Promise<() => Promise<void>> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, await processIdentity(process.pid));
  try {
    while (!(await claim(own, path))) {
      if (await isAbandoned(path)) await removeAbandoned(path, `${own}.old`);
      else await sleep(500);
    }
  } finally {
    await rm(own, { force: true });
  }
  return () => rm(path, { force: true });
}

/** Puts the file there under its name, whole or not at all; false when there is one. */
async function claim(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

/** Takes the lock file away and looks again: another waiter may have replaced it by its own in the meantime. */
async function removeAbandoned(path: string, aside: string): Promise<void> {
  await rename(path, aside).catch(() => {});
  if ((await exists(aside)) && !(await isAbandoned(aside))) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

async function isAbandoned(path: string): Promise<boolean> {
  const holder = await readFile(path, "utf8").catch(() => undefined);
  return holder !== undefined && !(await isAlive(holder));
}
