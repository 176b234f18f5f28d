import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../../lib/config";
import { plain } from "../checks/plain";
import type { Secrets } from "../configuration";
import { type Bastion, bastionOf, bastionTarget, probeBastion } from "./bastion";
import { hostLabel, privateKeyOf } from "./given-hosts";
import { probeSsh } from "./probe-ssh";

/**
 * Knocks at every given host before anything is registered: an unreachable host, a refused key or a changed host key
 * is one line with what to do, all of them at once, instead of a plugin's error in the middle of an update.
 * A preview only warns, because a plan can be made while the hosts are off.
 */
export async function checkGivenHosts(deployment: Deployment, secrets: Secrets): Promise<void> {
  const bastion = bastionOf(deployment, secrets);
  const inTheWay = bastion && (await probeBastion(bastion));
  const lines = inTheWay === undefined ? await problemsOf(deployment, secrets, bastion) : [inTheWay];
  if (lines.length === 0) return;
  if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(lines.join("\n"));
  for (const line of lines) pulumi.log.warn(line);
}

async function problemsOf(
  { hosts }: Deployment,
  secrets: Secrets,
  bastion: Bastion | undefined,
): Promise<readonly string[]> {
  const via = bastion && (await bastionTarget(bastion));
  const problems = await Promise.all(
    hosts.map(async (host, index) => {
      const privateKey = await plain(privateKeyOf(host, index, secrets));
      const problem = await probeSsh({ ...host, privateKey, via });
      return problem === undefined ? [] : [`${hostLabel(host, index)}: ${problem}`];
    }),
  );
  return problems.flat();
}
