import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LocalHost, LocalHosts } from "../hosts/local-hosts";
import { runOnHost } from "../hosts/run-on-host";
import { type Blow, type Course, readCourse } from "./moments";

const TRAP = "/usr/local/lib/torture.sh";

/** Folder in which trap.sh notes and looks; gone after a reboot. */
const FOLDER = "/run/torture";

/** A host on which every command of a step is noted, and on which steps can be killed at one. */
export interface TorturedHost {
  run(script: string): Promise<string>;
  /** The course of a step's latest run, by `step.action`. */
  course(key: string): Promise<Course>;
  /** Has the next run of a step killed: its whole process group, with SIGKILL. */
  arm(key: string, blow: Blow): Promise<void>;
  /** Ends that. True when the step was killed. */
  disarm(key: string): Promise<boolean>;
}

/** Has every bash that the host's SSH server starts run trap.sh first. */
export async function tortureHost(hosts: LocalHosts, host: LocalHost): Promise<TorturedHost> {
  const run = async (script: string) => (await runOnHost(hosts, host, script)).stdout;
  const trap = await readFile(join(__dirname, "trap.sh"), "utf8");
  await run(`mkdir -p ${FOLDER}/moments
cat >${TRAP} <<'TRAP'
${trap}
TRAP
echo 'SetEnv BASH_ENV=${TRAP}' >/etc/ssh/sshd_config.d/torture.conf
echo 'Defaults env_keep += "BASH_ENV"' >/etc/sudoers.d/torture
systemctl reload ssh`);
  return {
    run,
    course: async (key) => {
      const file = `${FOLDER}/moments/${key}`;
      return readCourse(await run(`cat ${file} 2>/dev/null; rm -f ${file}`));
    },
    arm: async (key, { moment, afterSeconds }) => {
      await run(`rm -f ${FOLDER}/killed ${FOLDER}/moments/${key}
cat >${FOLDER}/kill.${key} <<'BLOW'
${moment.at}
${afterSeconds}
BLOW`);
    },
    disarm: async (key) => (await run(`rm ${FOLDER}/kill.${key}; ls ${FOLDER}`)).includes("killed"),
  };
}
