import { cacheFolder } from "./cache";
import { checkMachine } from "./hosts/check-machine";
import type { LocalHostsOptions } from "./hosts/local-hosts";
import { rootTree } from "./hosts/root-tree";
import { ensureSystemPackages } from "./hosts/system-packages";
import type { PhaseClock } from "./phase-clock";
import type { Progress } from "./progress";
import { ENVIRONMENT_PATH, pythonEnvironment } from "./python-environment";
import { MODEL_PATH, tinyModel } from "./tiny-model";

/** What every local host of a rehearsal starts from; made on first use, then taken from the cache. */
export async function prepareHosts(
  clock: PhaseClock,
  progress: Progress,
): Promise<Omit<LocalHostsOptions, "count">> {
  await clock.run("packages", "debootstrap and systemd-nspawn on this machine", () =>
    ensureSystemPackages(progress),
  );
  await checkMachine(cacheFolder());
  const tree = await clock.run("root file system", "Debian 12 with systemd and sshd", () =>
    rootTree(progress),
  );
  const python = await clock.run("Python environment", "vLLM 0.32.0 built for CPUs, Ray 2.60.0", () =>
    pythonEnvironment(tree, progress),
  );
  const model = await clock.run("model", "a Llama of 4 layers with random weights", () =>
    tinyModel(tree, python, progress),
  );
  return { tree, mounts: { [ENVIRONMENT_PATH]: python, [MODEL_PATH]: model } };
}
