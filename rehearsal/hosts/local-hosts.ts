import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { HostConfig } from "../../lib/config";
import { cacheFolder } from "../cache";
import { isAlive, processIdentity } from "../process-identity";
import { newSshKeyPair } from "../ssh-key-pair";
import { bootHost, removeCgroups, stopHost, waitForSsh } from "./host-process";
import { mountLayer, unmountUnder } from "./layer";
import { closeNetwork, hostAddress, type LocalNetwork, openNetwork } from "./local-network";
import { runOnHost } from "./run-on-host";

/** A local Linux host: a container with systemd, sshd and an address of its own. */
export interface LocalHost {
  readonly name: string;
  readonly address: string;
  /** Its root file system as this machine sees it. */
  readonly root: string;
  /** Identity of the process that it runs in. */
  readonly container: string;
  /** Public host key, as `ssh-keyscan` prints it without the address. */
  readonly hostKey: string;
}

/** Some hosts on one network with one SSH key. All of it can be written down and taken down by another process. */
export interface LocalHosts {
  /** Identity of the process that made them. */
  readonly owner: string;
  /** Folder with everything about these hosts. */
  readonly folder: string;
  readonly network: LocalNetwork;
  readonly hosts: readonly LocalHost[];
  /** SSH key that root and `deploy` (password-free sudo) accept. */
  readonly privateKeyPath: string;
}

export interface LocalHostsOptions {
  readonly count: number;
  readonly tree: string;
  /** Path inside the hosts -> folder of this machine, read-only. */
  readonly mounts?: Readonly<Record<string, string>>;
}

const BOOT_LIMIT_MS = 60_000;
const RECORD = "hosts.json";

/** Boots hosts and waits until each answers over SSH. When that fails, nothing is left behind. */
export async function openHosts(options: LocalHostsOptions): Promise<LocalHosts> {
  const network = await openNetwork();
  const folder = join(runsFolder(), network.bridge);
  const privateKeyPath = join(folder, "id_ed25519");
  let record: LocalHosts = {
    owner: await processIdentity(process.pid),
    folder,
    network,
    hosts: [],
    privateKeyPath,
  };
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const key = newSshKeyPair("rehearsal");
    await writeFile(privateKeyPath, key.private, { mode: 0o600 });
    for (let number = 1; number <= options.count; number++) {
      const host = await addHost({ record, options, number, publicKey: key.public });
      record = { ...record, hosts: [...record.hosts, host] };
      await writeFile(join(folder, RECORD), JSON.stringify(record, undefined, 2));
    }
    const booted = record;
    const known = booted.hosts.map(({ address, hostKey: key }) => `${address} ${key}\n`).join("");
    await writeFile(join(folder, "known_hosts"), known);
    await Promise.all(booted.hosts.map((host) => waitForLogin(booted, host)));
    return booted;
  } catch (error) {
    await closeHosts(record);
    throw error;
  }
}

/** While a host boots, its SSH server greets already and lets root in, but hangs up on everybody else. */
const LOGINS_ARE_OPEN = `for try in $(seq ${BOOT_LIMIT_MS / 200}); do [ -e /run/nologin ] || exit 0; sleep 0.2; done; exit 1`;

/** When the host's present systemd has started, in its own words. */
const BOOTED = "systemctl show -p UserspaceTimestampMonotonic --value";

async function waitForLogin(hosts: LocalHosts, host: LocalHost): Promise<void> {
  await waitForSsh(host.address, BOOT_LIMIT_MS);
  await runOnHost(hosts, host, LOGINS_ARE_OPEN);
}

/** Waits until the host lets users in, in another boot than `before` when that is given. Returns which boot that is. */
export async function untilBooted(hosts: LocalHosts, host: LocalHost, before?: string): Promise<string> {
  const deadline = Date.now() + 2 * BOOT_LIMIT_MS;
  for (;;) {
    const boot = await waitForLogin(hosts, host)
      .then(() => runOnHost(hosts, host, BOOTED))
      .then(
        ({ stdout }) => stdout,
        () => before,
      );
    if (boot !== undefined && boot !== before) return boot;
    if (Date.now() > deadline) throw new Error(`${host.name} has not booted`);
    await sleep(500);
  }
}

/** Shuts all hosts down; everything else about them stays. */
export async function stopHosts({ hosts }: LocalHosts): Promise<void> {
  await Promise.all(hosts.map(({ container }) => stopHost(container)));
}

/** Stops the hosts and removes every trace: processes, mounts, network, folder. */
export async function closeHosts(record: LocalHosts): Promise<void> {
  const { network, folder } = record;
  await stopHosts(record);
  await Promise.all(record.hosts.map(({ name }) => removeCgroups(name)));
  await unmountUnder(folder);
  await closeNetwork(network);
  await rm(folder, { recursive: true, force: true });
}

/** Hosts that earlier runs left on purpose (`--keep`) or by being killed; those of a run that goes on are not among them. */
export async function hostsLeftBehind(): Promise<LocalHosts[]> {
  const runs = await readdir(runsFolder()).catch(() => []);
  const texts = await Promise.all(
    runs.map((run) => readFile(join(runsFolder(), run, RECORD), "utf8").catch(() => undefined)),
  );
  const records = texts.flatMap((text) => (text ? [JSON.parse(text) as LocalHosts] : []));
  const owned = await Promise.all(records.map(({ owner }) => isAlive(owner)));
  return records.filter((_, at) => !owned[at]);
}

/** The hosts as a stack's config names them. */
export function hostConfigs({ hosts, privateKeyPath }: LocalHosts): HostConfig[] {
  return hosts.map(({ address, hostKey }) => ({
    address,
    port: 22,
    user: "deploy",
    privateKeyPath,
    hostKey,
  }));
}

function runsFolder(): string {
  return join(cacheFolder(), "runs");
}

interface NewHost {
  readonly record: LocalHosts;
  readonly options: LocalHostsOptions;
  readonly number: number;
  readonly publicKey: string;
}

async function addHost({ record, options, number, publicKey }: NewHost): Promise<LocalHost> {
  const { network, folder } = record;
  const name = `${network.bridge}-${number}`;
  const address = hostAddress(network, number);
  const root = await mountLayer(options.tree, join(folder, name));
  const hostKey = newSshKeyPair(name);
  await configure(root, {
    "etc/hostname": `${name}\n`,
    "etc/hosts": hostsFile(network, options.count),
    // Sorts before systemd's own 80-container-host0.network, which asks for DHCP.
    "etc/systemd/network/10-host0.network": `[Match]\nName=host0\n\n[Network]\nAddress=${address}/24\n`,
    "etc/ssh/ssh_host_ed25519_key": hostKey.private,
    "etc/ssh/ssh_host_ed25519_key.pub": `${hostKey.public}\n`,
    // One file for every user, so that no home's owner matters.
    "etc/ssh/authorized_keys": `${publicKey}\n`,
    "etc/ssh/sshd_config.d/rehearsal.conf": "AuthorizedKeysFile /etc/ssh/authorized_keys\n",
  });
  await chmod(join(root, "etc/ssh/ssh_host_ed25519_key"), 0o600);
  const container = await bootHost({
    name,
    root,
    bridge: network.bridge,
    consoleLog: join(folder, `${name}.console`),
    mounts: options.mounts ?? {},
  });
  return { name, address, root, container, hostKey: hostKey.public };
}

async function configure(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);
}

function hostsFile(network: LocalNetwork, count: number): string {
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  const hosts = numbers.map((number) => `${hostAddress(network, number)} ${network.bridge}-${number}`);
  return ["127.0.0.1 localhost", ...hosts, ""].join("\n");
}
