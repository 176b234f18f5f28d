import type { Plan } from "../strategy";
import { hostPaths } from "./host-paths";
import { PORTS } from "./ports";
import { UNITS, USERS } from "./units";

/** From whom the gateway's certificate is. */
export type CertificateKind = "acme" | "internal" | "own";

/** One that the stack brings, a public one where there is a name to prove, else one of the host's own authority. */
export const certificateKind = ({ deployment: { gateway } }: Plan): CertificateKind => {
  if (gateway.domain === undefined) return "internal";
  return gateway.ownCertificate ? "own" : "acme";
};

/** Whether a public authority asks the gateway for the proof of its name, on port 80. */
export const provesName = (plan: Plan): boolean => certificateKind(plan) === "acme";

/**
 * Looks whether the gateway's certificate has to be made anew, and ends. As root, because the gateway itself must not
 * reach its authority's key.
 * @param address IP address or DNS name under which clients reach the host.
 */
export function certificateUnit(plan: Plan, address: string): string {
  const { configuration, certificate, ownCertificate, authority } = hostPaths(plan);
  const environment = {
    KIND: certificateKind(plan),
    NAME: plan.deployment.gateway.domain ?? address,
    CERTIFICATE: certificate,
    OWN: ownCertificate,
    AUTHORITY: authority,
    GATEWAY_UNIT: UNITS.gateway,
    GATEWAY_USER: USERS.gateway,
    CHALLENGE_PORT: PORTS.challenge,
  };
  return `[Unit]
Description=shardplan: renews the gateway's certificate
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
${Object.entries(environment)
  .map(([variable, value]) => `Environment=${variable}=${value}`)
  .join("\n")}
ExecStart=${configuration}/certificate
TimeoutStartSec=600
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectHome=yes
ProtectSystem=strict
ReadWritePaths=${configuration}
LogsDirectory=shardplan
`;
}

/** Daily, at another time on each host; at boot if a day was missed. */
export const CERTIFICATE_TIMER = `[Unit]
Description=shardplan: renews the gateway's certificate

[Timer]
OnCalendar=daily
RandomizedDelaySec=4h
Persistent=true

[Install]
WantedBy=timers.target
`;
