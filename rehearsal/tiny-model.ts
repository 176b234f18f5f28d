import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "./cache";
import { runInTree } from "./hosts/run-in-tree";
import type { Progress } from "./progress";
import { ENVIRONMENT_PATH } from "./python-environment";

/** Where hosts see the model. */
export const MODEL_PATH = "/opt/rehearsal/model";

const RECIPE = join(__dirname, "model");

/** Folder with the tiny model (4 layers, random weights), made once and kept in the cache. */
export async function tinyModel(tree: string, environment: string, progress: Progress): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["config.json", "make_tiny_model.py"]) hash.update(await readFile(join(RECIPE, file)));
  return cached(`model-${hash.digest("hex").slice(0, 8)}`, async (temporary) => {
    progress("making the tiny model");
    await mkdir(temporary, { recursive: true });
    await runInTree({
      tree,
      command: [
        `${ENVIRONMENT_PATH}/bin/python`,
        "/rehearsal/make_tiny_model.py",
        "/rehearsal/config.json",
        MODEL_PATH,
      ],
      writable: { [MODEL_PATH]: temporary },
      readOnly: { "/rehearsal": RECIPE, [ENVIRONMENT_PATH]: environment },
      environment: { HOME: "/tmp", HF_HUB_OFFLINE: "1" },
    });
  });
}
