import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../lib/config";
import { advisoriesOf } from "../lib/performance";

/** What is wrong with deploying a version of vLLM; undefined when nothing is known, or the configuration allows it. */
export function knownHoles({ serving }: Deployment): string | undefined {
  const { vllmVersion, allowVulnerableVersion } = serving;
  const [last, ...rest] = advisoriesOf(vllmVersion);
  if (last === undefined || allowVulnerableVersion) return undefined;
  const others = rest.length === 0 ? "" : ` and ${rest.map(({ id }) => id).join(", ")}`;
  return `serving.vllmVersion: vLLM ${vllmVersion} has known holes (${last.id}${others}); set ${last.fixedIn} or a later one, or serving.allowVulnerableVersion to true`;
}

/** A preview says it; `up` ends here, before anything is registered. */
export async function refuseKnownHoles(deployment: Deployment): Promise<void> {
  const problem = knownHoles(deployment);
  if (problem === undefined) return;
  if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(problem);
  await pulumi.log.warn(`${problem}: pulumi up refuses it`);
}
