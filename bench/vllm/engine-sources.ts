import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "../../rehearsal/cache";
import { rootTree } from "../../rehearsal/hosts/root-tree";
import { runInTree } from "../../rehearsal/hosts/run-in-tree";
import { ensureSystemPackages } from "../../rehearsal/hosts/system-packages";
import { progress } from "../../rehearsal/progress";
import { ENVIRONMENT_PATH, pythonEnvironment } from "../../rehearsal/python-environment";

const RECIPE = ["engine-sources.lock", "unpack_sources.py"];
const PYTHON = join(ENVIRONMENT_PATH, "bin", "python3");

/** Where scripts find vLLM's sources, these scripts and their files. */
const SOURCES_PATH = "/opt/vllm-sources";
const SCRIPTS_PATH = "/opt/vllm-scripts";
export const EXCHANGE_PATH = "/opt/vllm-exchange";

/** What a script runs in: the hosts' root tree, the rehearsal's Python environment, and the pinned engine's sources. */
export interface EngineSources {
  readonly tree: string;
  readonly python: string;
  readonly sources: string;
}

/** Makes or finds them in the cache: some minutes the first time. */
export async function engineSources(): Promise<EngineSources> {
  await ensureSystemPackages(progress);
  const tree = await rootTree(progress);
  const python = await pythonEnvironment(tree, progress);
  const hash = createHash("sha256");
  for (const file of RECIPE) hash.update(await readFile(join(__dirname, file)));
  const sources = await cached(`vllm-sources-${hash.digest("hex").slice(0, 8)}`, async (temporary) => {
    progress("unpacking the sources of vLLM (340 MB to download, once)");
    await mkdir(temporary, { recursive: true });
    await runInTree({
      tree,
      command: [
        PYTHON,
        `${SCRIPTS_PATH}/unpack_sources.py`,
        `${SCRIPTS_PATH}/engine-sources.lock`,
        SOURCES_PATH,
      ],
      writable: { [SOURCES_PATH]: temporary },
      readOnly: { [ENVIRONMENT_PATH]: python, [SCRIPTS_PATH]: __dirname },
    });
  });
  return { tree, python, sources };
}

/**
 * Runs one of this folder's scripts with vLLM's sources in front of the environment. `exchange` is a folder of this
 * machine that it reads from and writes to as EXCHANGE_PATH. Rejects with what it said when it fails.
 */
export async function runEngineScript(
  engine: EngineSources,
  script: string,
  exchange: string,
  onLine?: (line: string) => void,
): Promise<void> {
  await runInTree({
    tree: engine.tree,
    command: [PYTHON, `${SCRIPTS_PATH}/${script}`, EXCHANGE_PATH],
    readOnly: {
      [ENVIRONMENT_PATH]: engine.python,
      [SOURCES_PATH]: engine.sources,
      [SCRIPTS_PATH]: __dirname,
    },
    writable: { [EXCHANGE_PATH]: exchange },
    environment: { PYTHONPATH: SOURCES_PATH, PYTHONDONTWRITEBYTECODE: "1", HOME: "/tmp" },
    onLine,
  });
}
