import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../../lib/serving";
import type { LocalHost, LocalHosts } from "../../rehearsal/hosts/local-hosts";
import { runOnHost } from "../../rehearsal/hosts/run-on-host";

const STEPS = join(__dirname, "../../infra/steps");
const bash = (name: string): string => readFileSync(join(STEPS, `${name}.sh`), "utf8");

/** Runs a file of infra/steps on a host that no stack has; throws with what it said when it fails. */
export async function stepOnHost(
  hosts: LocalHosts,
  host: LocalHost,
  step: string,
  parameters: Readonly<Record<string, string | number>>,
): Promise<void> {
  const variables = Object.entries({ HOST_NAME: host.name, ...parameters });
  const assignments = variables.map(([name, value]) => `${name}=${shellWord(`${value}`)}`);
  await runOnHost(hosts, host, [...assignments, bash("lib"), bash(step)].join("\n"));
}
