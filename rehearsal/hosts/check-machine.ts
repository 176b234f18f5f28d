import { mkdir, readdir, readFile, statfs } from "node:fs/promises";
import { UserError } from "../../lib/config";

const GIB = 2 ** 30;
/** A host with Ray, two ranks of vLLM and their cache, as measured. */
const MEMORY_GIB = 6;
/** Root tree, Python environment and engine, unpacked, and what unpacking them takes. */
const CACHE_GIB = 20;
/** What hosts write while they run. */
const RUN_GIB = 2;

/**
 * Throws `UserError` where memory or disk are too small for a rehearsal, before anything is downloaded. What is
 * downloaded is kept in the folder `cache`.
 */
export async function checkMachine(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const { bavail, bsize } = await statfs(cache);
  const isFilled = (await readdir(cache)).some((name) => /^python-[0-9a-f]+$/.test(name));
  const wanted = isFilled ? RUN_GIB : CACHE_GIB;
  if (bavail * bsize < wanted * GIB) {
    throw tooSmall(
      `${cache} has ${gib(bavail * bsize)} GiB free, and a rehearsal needs ${wanted}`,
      "free some, or set SHARDPLAN_CACHE to a folder on a larger disk",
    );
  }
  const available =
    1024 * Number(/^MemAvailable: +(\d+)/m.exec(await readFile("/proc/meminfo", "utf8"))?.[1]);
  if (available < MEMORY_GIB * GIB) {
    throw tooSmall(
      `${gib(available)} GiB of memory are available, and a rehearsal needs ${MEMORY_GIB}`,
      "end other programs, or run it on a larger machine",
    );
  }
}

const gib = (bytes: number): string => (bytes / GIB).toFixed(1);

const tooSmall = (message: string, hint: string): UserError =>
  new UserError({ code: "machine-too-small", where: "rehearsal", message, hint });
