import { access, mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "../run-program";
import { mountLayer, unmountUnder } from "./layer";

export interface TreeCommand {
  readonly tree: string;
  readonly command: readonly string[];
  /** Path inside -> folder of this machine. */
  readonly writable?: Readonly<Record<string, string>>;
  readonly readOnly?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a command in the hosts' root tree with this machine's network, so that what it makes fits the hosts exactly.
 * What it writes outside the writable folders is thrown away.
 */
export async function runInTree(task: TreeCommand): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "shardplan-tree-"));
  try {
    const root = await mountLayer(task.tree, folder);
    const options = [
      ...binds("--bind", task.writable ?? {}),
      ...binds("--bind-ro", { ...task.readOnly, ...(await networkSettings()) }),
      ...Object.entries({ ...packageIndexVariables(), ...task.environment }).map(
        ([name, value]) => `--setenv=${name}=${value}`,
      ),
    ];
    const container = ["--quiet", "--register=no", "--keep-unit", "--resolv-conf=bind-host", "--pipe"];
    await runProgram("systemd-nspawn", [...container, `--directory=${root}`, ...options, ...task.command], {
      onLine: task.onLine,
    });
  } finally {
    await unmountUnder(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

const binds = (option: string, paths: Readonly<Record<string, string>>) =>
  Object.entries(paths).map(([inside, outside]) => `${option}=${outside}:${inside}`);

/** This machine's way to the package index: certificates of its own, and pip's configuration. */
async function networkSettings(): Promise<Record<string, string>> {
  const places = {
    "/etc/ssl/certs": "/etc/ssl/certs",
    "/etc/pip.conf": "/etc/pip.conf",
    "/etc/xdg/pip/pip.conf": join(homedir(), ".config/pip/pip.conf"),
  };
  const present = await Promise.all(
    Object.entries(places).map(async ([inside, outside]) =>
      (await isThere(outside)) ? [[inside, outside]] : [],
    ),
  );
  return Object.fromEntries(present.flat());
}

/** Proxies and pip's options, as given to this process. */
function packageIndexVariables(): Record<string, string> {
  const wanted = /^(PIP_[A-Z_]+|(https?|no)_proxy)$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([n, v]) => (wanted.test(n) && v ? [[n, v]] : [])),
  );
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
