import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { firingAlerts } from "../firing-alerts";
import type { LocalHosts } from "../hosts/local-hosts";
import { upStack } from "../run-stack";

const LOOK_EVERY_MS = 5000;

/**
 * Has the load test of a stack that is up run again, and looks all the while what fires: under the load of the plan
 * nothing may. Returns what did, one line each.
 * @param loaded The stack with the load test as long as it is to be quiet.
 */
export async function noisesUnderLoad(loaded: Stack, hosts: LocalHosts): Promise<string[]> {
  const [host] = hosts.hosts;
  if (host === undefined) throw new Error("no host");
  const fired = new Set<string>();
  let over = false;
  const load = upStack(loaded, { progress: () => {} }).finally(() => {
    over = true;
  });
  const look = async () => {
    while (!over) {
      for (const name of await firingAlerts(hosts, host)) fired.add(name);
      await sleep(LOOK_EVERY_MS);
    }
  };
  await Promise.all([load, look()]);
  return [...fired].map((name) => `fired under the load of the plan: ${name}`);
}
