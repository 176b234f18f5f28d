import { access } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../lib/config";
import type { Progress } from "../progress";
import { hasProgram, runProgram } from "../run-program";

/** Programs that local hosts need, with the Debian and Ubuntu packages that bring them. */
const NEEDED: ReadonlyArray<readonly [program: string, package_: string]> = [
  ["debootstrap", "debootstrap"],
  ["systemd-nspawn", "systemd-container"],
  ["ip", "iproute2"],
];

/** Another program that installs packages, such as unattended upgrades, is waited for. */
const WAIT_FOR_LOCK = ["-o", "DPkg::Lock::Timeout=300"];
const UPDATE_TRIES = 60;

/**
 * Makes sure that local hosts can be made here: installs what is missing as root on Debian and Ubuntu, else throws
 * a UserError that says what to install.
 */
export async function ensureSystemPackages(progress: Progress): Promise<void> {
  if (process.platform !== "linux")
    throw cannot("local hosts need Linux", "run it on a Linux machine or in a VM");
  if (process.getuid?.() !== 0) {
    throw cannot("local hosts need root (namespaces, mounts, a bridge)", "run it with sudo -E, or as root");
  }
  const missing = await missingPackages();
  if (missing.length === 0) return;
  const install = `apt-get install --no-install-recommends ${missing.join(" ")}`;
  if (!(await exists("/usr/bin/apt-get"))) throw cannot(`missing: ${missing.join(", ")}`, "install them");
  progress(`installing ${missing.join(", ")}`);
  try {
    await refreshPackageLists();
    await runProgram(
      "apt-get",
      [...WAIT_FOR_LOCK, "install", "-y", "-qq", "--no-install-recommends", ...missing],
      {
        env: { DEBIAN_FRONTEND: "noninteractive" },
      },
    );
  } catch (cause) {
    const reason = (cause as Error).message.split("\n").at(-1);
    throw cannot(`cannot install ${missing.join(", ")} (${reason})`, `try it by hand: ${install}`, cause);
  }
}

/** `update` does not wait for the lock of the lists, whatever it is told. */
async function refreshPackageLists(): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await runProgram("apt-get", ["update", "-qq"]);
      return;
    } catch (error) {
      if (tries === UPDATE_TRIES || !/could not get lock/i.test((error as Error).message)) throw error;
      await sleep(5000);
    }
  }
}

async function missingPackages(): Promise<string[]> {
  const found = await Promise.all(NEEDED.map(([program]) => hasProgram(program)));
  return NEEDED.filter((_, at) => !found[at]).map(([, package_]) => package_);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function cannot(message: string, hint: string, cause?: unknown): UserError {
  return new UserError({ code: "no-local-hosts", where: "rehearsal", message, hint, cause });
}
