import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../run-program";

/** Mounts a writable layer over the tree: made in a moment, and gone with the folder. Returns the merged root. */
export async function mountLayer(tree: string, folder: string): Promise<string> {
  const [upper, work, root] = ["upper", "work", "root"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [upper, work, root]) await mkdir(path, { recursive: true });
  const layers = `lowerdir=${tree},upperdir=${upper},workdir=${work}`;
  await runProgram("mount", ["-t", "overlay", "overlay", "-o", layers, root]);
  return root;
}

/** Unmounts everything below the folder, the innermost first. */
export async function unmountUnder(folder: string): Promise<void> {
  const mounts = await readFile("/proc/self/mounts", "utf8");
  const points = mounts.split("\n").map((line) => line.split(" ")[1] ?? "");
  for (const point of points.filter((path) => path.startsWith(`${folder}/`)).reverse()) {
    await runProgram("umount", [point]);
  }
}
