import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "../cache";
import type { Progress } from "../progress";
import { runProgram } from "../run-program";

const RELEASE = "bookworm";
const MIRROR = "http://deb.debian.org/debian";

/**
 * What a cloud image of Debian brings (systemd, sshd, sudo, network tools), what the steps would install from the
 * distribution (there is no network inside), and what vLLM's CPU build needs: a C++ compiler for the kernel it
 * compiles at the first request, and libnuma.
 */
const PACKAGES = [
  ...["systemd", "systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "sudo", "ca-certificates"],
  ...["iproute2", "nftables", "iputils-ping", "procps", "kmod", "pciutils", "less", "curl", "jq", "openssl"],
  ...["python3", "python3-venv", "python3-dev", "haproxy"],
  ...["prometheus", "prometheus-alertmanager", "prometheus-node-exporter"],
  ...["g++", "libc6-dev", "libnuma1"],
];

/** Makes the tree a host that boots: the network comes up as told, and each copy brings its own keys. */
const PREPARE = `set -eu
systemctl -q enable systemd-networkd ssh
systemctl -q disable haproxy prometheus prometheus-alertmanager prometheus-node-exporter
systemctl -q mask systemd-networkd-wait-online systemd-resolved getty@tty1 console-getty apt-daily.timer \
  apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer
useradd --create-home --shell /bin/bash deploy
echo 'deploy ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/deploy
rm -f /etc/ssh/ssh_host_* /etc/machine-id
: >/etc/machine-id
apt-get clean
rm -rf /var/lib/apt/lists/*`;

/**
 * Folder with the root file system that local hosts start from, made once by debootstrap and kept in the cache.
 * Hosts never write to it: each has a layer of its own above it.
 */
export function rootTree(progress: Progress): Promise<string> {
  const recipe = createHash("sha256")
    .update(JSON.stringify([RELEASE, PACKAGES, PREPARE]))
    .digest("hex");
  return cached(`host-${RELEASE}-${recipe.slice(0, 8)}`, async (temporary) => {
    progress(`making the hosts' root file system (Debian ${RELEASE}, about a minute, once)`);
    const include = `--include=${PACKAGES.join(",")}`;
    await runProgram("debootstrap", ["--variant=minbase", include, RELEASE, temporary, MIRROR], {
      onLine: debootstrapProgress(progress),
    });
    await writeFile(join(temporary, "prepare.sh"), PREPARE);
    await runProgram("chroot", [temporary, "/bin/sh", "/prepare.sh"]);
    await rm(join(temporary, "prepare.sh"));
  });
}

/** debootstrap prints several lines for each of some 200 packages: one of its stages is enough. */
function debootstrapProgress(progress: Progress): (line: string) => void {
  const stages = new Set<string>();
  return (line) => {
    const stage = /^I: (Retrieving|Validating|Extracting|Unpacking|Configuring)/.exec(line)?.[1];
    if (!stage || stages.has(stage)) return;
    stages.add(stage);
    progress(`  ${stage.toLowerCase()} packages`);
  };
}
