import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "./cache";
import { runInTree } from "./hosts/run-in-tree";
import type { Progress } from "./progress";

/** Where hosts see the environment; it works only there, because Python writes the path into its scripts. */
export const ENVIRONMENT_PATH = "/opt/rehearsal/python";

const RECIPE = join(__dirname, "python");
const RECIPE_FILES = ["requirements.lock", "build-environment.sh", "rehearsal_cpu_ray.py"];

/**
 * Folder with vLLM for CPUs and Ray, made once with the Python of the hosts' root tree and kept in the cache
 * (about 6 GB: PyPI's PyTorch brings CUDA libraries that stay unused).
 */
export async function pythonEnvironment(tree: string, progress: Progress): Promise<string> {
  const hash = createHash("sha256");
  for (const file of RECIPE_FILES) hash.update(await readFile(join(RECIPE, file)));
  return cached(`python-${hash.digest("hex").slice(0, 8)}`, async (temporary) => {
    progress("installing vLLM for CPUs and Ray (about 3 GB to download, some minutes, once)");
    await mkdir(temporary, { recursive: true });
    const heard = { collected: 0 };
    await runInTree({
      tree,
      command: ["/bin/bash", "/rehearsal/build-environment.sh"],
      writable: { [ENVIRONMENT_PATH]: temporary },
      readOnly: { "/rehearsal": RECIPE },
      environment: { ENVIRONMENT: ENVIRONMENT_PATH },
      onLine: (line) => pipProgress(line, heard, progress),
    });
  });
}

/** pip says a line or more for each of about 180 packages: every 25th, and each of the slow stages, is enough. */
function pipProgress(line: string, heard: { collected: number }, progress: Progress): void {
  if (line.startsWith("Collecting ") && ++heard.collected % 25 === 0)
    progress(`  ${heard.collected} packages`);
  if (line.startsWith("Installing collected packages")) progress("  unpacking them");
}
