import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

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
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (await isAbandoned(path)) await rm(path, { force: true });
    await sleep(500);
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, "utf8").catch(() => "0"));
  // An empty file was made a moment ago by a process that has not written its number yet.
  return pid !== 0 && !isRunning(pid);
}

/** True while a process with this number lives. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
