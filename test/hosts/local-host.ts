import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ConfigMap, Stack } from "@pulumi/pulumi/automation";
import type { HostConfig } from "../../lib/config";
import { type Engine, openEngine } from "../../rehearsal/engine";
import {
  closeHosts,
  hostConfigs,
  type LocalHost,
  type LocalHosts,
  openHosts,
} from "../../rehearsal/hosts/local-hosts";
import { runOnHost } from "../../rehearsal/hosts/run-on-host";
import { PhaseClock } from "../../rehearsal/phase-clock";
import { prepareHosts } from "../../rehearsal/prepare";
import { progress } from "../../rehearsal/progress";
import { rehearsalStack, type StackOverrides } from "../../rehearsal/rehearsal-stack";
import { upStack } from "../../rehearsal/run-stack";

/** Local hosts need root. On CI that is an error; elsewhere one line says why the tests do not run. */
export function needsRoot(context: Mocha.Context): void {
  if (process.platform === "linux" && process.getuid?.() === 0) return;
  const why =
    "tests on local hosts need Linux and root (namespaces, mounts, a bridge): run them with sudo -E";
  if (process.env.CI) throw new Error(why);
  console.log(`    skipped: ${why}`);
  context.skip();
}

/** Booted hosts, with an engine whose stack `rehearsal` is deployed to them. */
export interface TestHost {
  readonly hosts: LocalHosts;
  /** The first host. */
  readonly host: LocalHost;
  readonly config: HostConfig;
  readonly engine: Engine;
  /** Runs a bash script on a host, the first unless told, as root; returns its output. */
  run(script: string, at?: number): Promise<string>;
  /** The stack with sections laid over Pulumi.rehearsal.yaml, for these hosts or what is given in their place. */
  stack(overrides?: StackOverrides, ...given: HostConfig[]): Promise<Stack>;
  /** The error that `up` ends with. */
  failureOf(overrides: StackOverrides, ...given: HostConfig[]): Promise<string>;
  close(): Promise<void>;
}

/** @param secrets Keys of the stack's config that are set beside the overrides, by their path. */
export async function openTestHost(count = 1, secrets: ConfigMap = {}): Promise<TestHost> {
  const clock = new PhaseClock(() => {}, new AbortController().signal);
  const hosts = await openHosts({ ...(await prepareHosts(clock, progress)), count });
  const [host] = hosts.hosts;
  const configs = hostConfigs(hosts);
  const [config] = configs;
  if (!host || !config) throw new Error("no host");
  const folder = join(hosts.folder, "engine");
  await mkdir(folder);
  const engine = await openEngine({ standIns: ["command"], progress }, folder);
  const stack = async (overrides: StackOverrides = {}, ...given: HostConfig[]) => {
    const made = await rehearsalStack(engine, given.length > 0 ? given : configs, overrides);
    if (Object.keys(secrets).length > 0) await made.setAllConfig(secrets, true);
    return made;
  };
  return {
    hosts,
    host,
    config,
    engine,
    run: async (script, at = 0) => (await runOnHost(hosts, hosts.hosts[at] ?? host, script)).stdout,
    stack,
    failureOf: async (overrides, ...given) => {
      const failing = await stack(overrides, ...given);
      return upStack(failing, { progress: () => {} }).then(
        () => "",
        (error: Error) => error.message,
      );
    },
    close: () => closeHosts(hosts),
  };
}
