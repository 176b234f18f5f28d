import type { Stack } from "@pulumi/pulumi/automation";
import { alertsFiredFor } from "../firing-alerts";
import type { LocalHosts } from "../hosts/local-hosts";
import { upStack } from "../run-stack";

/**
 * Has the load test of a stack that is up run again, then asks Prometheus what fired meanwhile: under the load of the plan
 * nothing may. Returns what did, one line each.
 * @param loaded The stack with the load test as long as it is to be quiet.
 */
export async function noisesUnderLoad(loaded: Stack, hosts: LocalHosts): Promise<string[]> {
  const [host] = hosts.hosts;
  if (host === undefined) throw new Error("no host");
  const began = Date.now();
  await upStack(loaded, { progress: () => {} });
  const fired = await alertsFiredFor(hosts, host, Math.ceil((Date.now() - began) / 1000));
  return fired.map((name) => `fired under the load of the plan: ${name}`);
}
