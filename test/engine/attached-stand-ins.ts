import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { STAND_INS, type StandInName } from "../../rehearsal/providers/stand-ins";

/** Stand-ins that live apart from the engine: it starts sooner, and AWS does not end with whoever has asked it. */
export interface AttachedStandIns {
  /** Variables by which the engine finds them. */
  readonly environment: Readonly<Record<string, string>>;
  close(): void;
}

/** Starts the stand-ins with the variables that the engine would start them with. */
export async function attachStandIns(
  names: readonly StandInName[],
  environment: Readonly<Record<string, string>>,
): Promise<AttachedStandIns> {
  const children = names.map((name) =>
    spawn(process.execPath, ["--import", require.resolve("tsx"), STAND_INS[name].program], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  const ports = await Promise.all(children.map(firstLine));
  return {
    environment: { PULUMI_DEBUG_PROVIDERS: names.map((name, at) => `${name}:${ports[at]}`).join(",") },
    close: () => {
      for (const child of children) child.kill("SIGKILL");
    },
  };
}

/** A plugin prints its port first. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error("the stand-in's output is not read"));
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`the stand-in ended with ${code}`)));
  });
}
