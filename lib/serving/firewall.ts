import type { HostConfig } from "../config";
import type { Plan } from "../strategy";
import { provesName } from "./certificate";
import { hostPaths } from "./host-paths";
import { CHALLENGE_PORT } from "./ports";

/** Name of the table that is ours; whatever else the host filters stays as it is. */
export const FIREWALL_TABLE = "inet shardplan";

/** TCP ports of a host that are open to everybody. */
export function openPorts(plan: Plan, host: Pick<HostConfig, "port">): number[] {
  const { gateway, firewall } = plan.deployment;
  const proof = provesName(plan) ? [CHALLENGE_PORT] : [];
  return [...new Set([host.port, gateway.port, ...proof, ...firewall.openPorts])].sort((a, b) => a - b);
}

/**
 * Rules for nftables that close a host to all but the cluster's hosts, SSH and the gateway: Ray, NCCL and vLLM's engine
 * listen on ports that the kernel picks, and some of them answer without asking for a key. What is accepted here may
 * still be refused by other tables. Loading them replaces what was loaded before in one step.
 * @param addresses All addresses of all hosts of the cluster.
 */
export function firewallRules(
  plan: Plan,
  host: Pick<HostConfig, "port">,
  addresses: readonly string[],
): string {
  const ports = openPorts(plan, host);
  const families = {
    ip: addresses.filter((one) => !one.includes(":")),
    ip6: addresses.filter((one) => one.includes(":")),
  };
  const cluster = Object.entries(families).flatMap(([family, members]) =>
    members.length === 0 ? [] : [`${family} saddr { ${[...new Set(members)].sort().join(", ")} } accept`],
  );
  const rules = [
    'iifname "lo" accept',
    "ct state established,related accept",
    // Neighbour discovery, ping, tunnels.
    "meta l4proto != { tcp, udp } accept",
    ...cluster,
    `tcp dport { ${ports.join(", ")} } accept`,
    // Leases of addresses, which come unasked for.
    "udp dport { 68, 546 } accept",
    "counter drop",
  ];
  return `table ${FIREWALL_TABLE}
delete table ${FIREWALL_TABLE}
table ${FIREWALL_TABLE} {
	chain input {
		type filter hook input priority filter - 10; policy accept;
${rules.map((rule) => `\t\t${rule}`).join("\n")}
	}
}
`;
}

/**
 * Loads the rules at boot, before the network is up, and again when the distribution's own service loads its rules: that
 * empties all tables first.
 */
export function firewallUnit(plan: Plan): string {
  const load = `/usr/sbin/nft -f ${hostPaths(plan).firewallRules}`;
  return `[Unit]
Description=shardplan: closes the host to all but its cluster, SSH and the gateway
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
After=systemd-modules-load.service nftables.service
Conflicts=shutdown.target
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${load}
ExecReload=${load}
ExecStop=-/usr/sbin/nft delete table ${FIREWALL_TABLE}

[Install]
WantedBy=multi-user.target
`;
}
