import { readFile } from "node:fs/promises";

/**
 * Number of a process and when it started, as one text that can be written down. The number alone is not enough: what
 * is written outlives containers, in each of which numbers begin anew.
 */
export async function processIdentity(pid: number): Promise<string> {
  return (await look(pid))?.identity ?? `${pid} `;
}

/** True while the very process runs; one that has ended and waits for its parent does not. */
export async function isAlive(identity: string): Promise<boolean> {
  const found = await look(pidOf(identity));
  return found !== undefined && found.identity === identity && !/[ZX]/.test(found.state);
}

/** The process's number, for signals. */
export const pidOf = (identity: string): number => Number(identity.split(" ")[0]);

async function look(pid: number): Promise<{ identity: string; state: string } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // After the name in parentheses, which may hold anything; proc_pid_stat(5): state is field 3, the start field 22.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { identity: `${pid} ${fields[19]}`, state: fields[0] ?? "" };
}
