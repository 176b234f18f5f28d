import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

interface Process {
  readonly pid: number;
  readonly parent: number;
}

/** All processes that run; one that ends meanwhile is left out. */
function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        // proc_pid_stat(5): the parent is the second field after the name in parentheses, which may hold anything.
        const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        return [{ pid: Number(name), parent }];
      } catch {
        return [];
      }
    });
}

const descendants = (all: readonly Process[], of: number): number[] =>
  all.filter(({ parent }) => parent === of).flatMap(({ pid }) => [pid, ...descendants(all, pid)]);

const programOf = (pid: number): string => {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return "";
  }
};

/** Kills the engine that this process has started, and all that it has started: as when a terminal or a machine goes. */
export function killEngine(): void {
  const all = processes();
  const engines = all.filter(({ pid, parent }) => parent === process.pid && programOf(pid) === "pulumi");
  for (const { pid } of engines) {
    for (const one of [pid, ...descendants(all, pid)]) {
      try {
        process.kill(one, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  }
}
