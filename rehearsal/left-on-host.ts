import { PORTS } from "../lib/serving";
import type { LocalHosts } from "./hosts/local-hosts";
import { runOnHost } from "./hosts/run-on-host";

/** The gateway's default port, and those of the services behind it. */
const OPEN_PORTS = [443, ...Object.values(PORTS)].map((port) => `sport = :${port}`).join(" or ");

/** Where files may lie. */
const PLACES = "/ /run /tmp /dev/shm";

/** Stays by design: weights, Python environments, empty lock files that are gone with the next boot. */
const STAYS = [
  "/var/lib/shardplan",
  "/var/lib/shardplan/models*",
  "/opt/shardplan*",
  "/run/shardplan",
  "/run/shardplan/*.lock",
];

/** What a destroyed stack must not leave: units, users and their processes, open ports, files and links, keys above all. */
const LOOK = `
systemctl list-unit-files --no-legend 'shardplan-*' | awk '{print "unit " $1}'
getent passwd | grep -o '^shardplan[^:]*' | sed 's/^/user /'
ps -eo user:32,args --no-headers | awk '$1 ~ /^shardplan/ {print "process " $0}'
find /etc/systemd/system -maxdepth 1 '(' -name 'haproxy*' -o -name 'prometheus*' ')' -lname /dev/null -printf 'masked %f\\n'
ss -ltnH '${OPEN_PORTS}' | awk '{print "port " $4}'
find ${PLACES} -xdev -path '*shardplan*' ${STAYS.map((path) => `! -path '${path}'`).join(" ")} -printf 'file %p\\n'
find ${PLACES} -xdev -nouser -printf 'file of no user %p\\n'
true`;

/** What is still on the hosts after a destroy, one line each; empty when it is clean. */
export async function leftOnHosts(hosts: LocalHosts): Promise<string[]> {
  const found = await Promise.all(
    hosts.hosts.map(async (host) => {
      const { stdout } = await runOnHost(hosts, host, LOOK);
      return stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => `${host.name}: ${line}`);
    }),
  );
  return found.flat();
}
