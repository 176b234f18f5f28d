import type { LocalHosts } from "./hosts/local-hosts";
import { runOnHost } from "./hosts/run-on-host";

/** What a destroyed stack must not leave: its units, processes of its users, open ports, secrets. */
const LOOK = `
systemctl list-unit-files --no-legend 'shardplan-*.service' | awk '{print "unit " $1}'
ps -eo user:32,args --no-headers | awk '$1 ~ /^shardplan/ {print "process " $0}'
ss -ltnH 'sport = :443 or sport = :8000 or sport = :6379' | awk '{print "port " $4}'
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
