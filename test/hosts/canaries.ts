import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestHost } from "./local-host";

/** Values that must be nowhere but where they are needed, by what they are. */
export type Canaries = Readonly<Record<string, string>>;

const PATTERNS = "/run/canaries";
const COMMAND_LINES = "/run/command-lines";

/** Folders of the distribution and the test's own, which no step writes to. */
const STRANGE = ["/usr", "/opt/rehearsal", "/proc", "/sys"]
  .map((path) => `-path ${path} -prune -o`)
  .join(" ");

/** Writes down the command lines of all processes, again and again, until `findOnHost`. */
export async function watchCommandLines(host: TestHost): Promise<void> {
  await host.run(
    `systemd-run --quiet --unit=command-lines --nice=5 bash -c 'while sleep 0.3; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " >>${COMMAND_LINES}; done'`,
  );
}

/** Where on the host the canaries are, one line each; files that only their owner reads are as they are meant to be. */
export async function findOnHost(host: TestHost, canaries: Canaries): Promise<string[]> {
  const values = Object.values(canaries);
  const said = await host.run(`systemctl stop command-lines
umask 077
cat >${PATTERNS} <<'CANARIES'
${values.join("\n")}
CANARIES
grep -qF -f ${PATTERNS} ${COMMAND_LINES} && echo "a command line"
rm -f ${COMMAND_LINES}
journalctl --no-pager --output=cat | grep -F -f ${PATTERNS} | cut -c1-200 | sed 's/^/the journal: /'
runuser -u nobody -- cat /proc/[0-9]*/environ 2>/dev/null | grep -qaF -f ${PATTERNS} && echo "an environment that others see"
find / /run /dev/shm -xdev ${STRANGE} -type f ! -path ${PATTERNS} -size -64M -perm /077 -print0 |
  xargs -0 grep -lF -f ${PATTERNS} 2>/dev/null | sed 's/^/a file that others read: /'
rm -f ${PATTERNS}
true`);
  return said.split("\n").filter(Boolean);
}

/** Files below a folder of this machine that have one of the canaries. */
export async function findInFolder(folder: string, canaries: Canaries): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    files.map(async (file) =>
      namesIn(await readFile(file, "utf8"), canaries).map((name) => `${file}: ${name}`),
    ),
  );
  return found.flat();
}

/** Names of the canaries that a text has. */
export const namesIn = (text: string, canaries: Canaries): string[] =>
  Object.entries(canaries).flatMap(([name, value]) => (text.includes(value) ? [name] : []));
