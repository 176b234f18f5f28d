import { PORTS } from "../lib/serving";
import type { LocalHosts } from "./hosts/local-hosts";
import { runOnHost } from "./hosts/run-on-host";

/** The gateway's default port, and those of the services behind it. */
const OPEN_PORTS = [443, ...Object.values(PORTS)].map((port) => `sport = :${port}`).join(" or ");

/** What a destroyed stack must not leave: its units, processes of its users, open ports, secrets. */
const LOOK = `
systemctl list-unit-files --no-legend 'shardplan-*.service' | awk '{print "unit " $1}'
ps -eo user:32,args --no-headers | awk '$1 ~ /^shardplan/ {print "process " $0}'
ss -ltnH '${OPEN_PORTS}' | awk '{print "port " $4}'
find /etc/shardplan -type f -path '*secrets*' -printf 'secret %p\\n' 2>/dev/null
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
