import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../lib/serving";
import { fileOf } from "./files";

const STEPS = fileOf("steps");
const LIBRARY = readFileSync(join(STEPS, "lib.sh"), "utf8");

/** The bash program of a step: its parameters, what all steps share, what it names in lines `# uses: FILE`, and its own text. */
export function stepText(step: string, parameters: Readonly<Record<string, string | number>>): string {
  const body = readFileSync(join(STEPS, `${step}.sh`), "utf8");
  const shared = [...body.matchAll(/^# uses: (\S+)$/gm)].map(([, file = ""]) =>
    readFileSync(join(STEPS, file), "utf8"),
  );
  const assignments = Object.entries(parameters).map(([name, value]) => `${name}=${shellWord(`${value}`)}`);
  return [...assignments, LIBRARY, ...shared, body].join("\n");
}
