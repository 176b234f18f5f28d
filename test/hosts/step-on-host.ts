import { stepText } from "../../infra/step-text";
import type { LocalHost, LocalHosts } from "../../rehearsal/hosts/local-hosts";
import { runOnHost } from "../../rehearsal/hosts/run-on-host";

/** Runs a file of infra/steps on a host that no stack has; throws with what it said when it fails. */
export async function stepOnHost(
  hosts: LocalHosts,
  host: LocalHost,
  step: string,
  parameters: Readonly<Record<string, string | number>>,
): Promise<void> {
  await runOnHost(hosts, host, stepText(step, { HOST_NAME: host.name, ...parameters }));
}
