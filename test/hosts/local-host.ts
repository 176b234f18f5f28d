import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
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

/** One booted host, with an engine whose stack `rehearsal` is deployed to it. */
export interface TestHost {
  readonly hosts: LocalHosts;
  readonly host: LocalHost;
  readonly config: HostConfig;
  readonly engine: Engine;
  /** Runs a bash script on the host as root; returns its output. */
  run(script: string): Promise<string>;
  /** The stack with sections laid over Pulumi.rehearsal.yaml, for this host or what is given in its place. */
  stack(overrides?: StackOverrides, host?: HostConfig): Promise<Stack>;
  /** The error that `up` ends with. */
  failureOf(overrides: StackOverrides, host?: HostConfig): Promise<string>;
  close(): Promise<void>;
}

export async function openTestHost(): Promise<TestHost> {
  const clock = new PhaseClock(() => {}, new AbortController().signal);
  const hosts = await openHosts({ ...(await prepareHosts(clock, progress)), count: 1 });
  const [host] = hosts.hosts;
  const [config] = hostConfigs(hosts);
  if (!host || !config) throw new Error("no host");
  const folder = join(hosts.folder, "engine");
  await mkdir(folder);
  const engine = await openEngine({ standIns: ["command"], progress }, folder);
  const stack = (overrides: StackOverrides = {}, given = config) =>
    rehearsalStack(engine, [given], overrides);
  return {
    hosts,
    host,
    config,
    engine,
    run: async (script) => (await runOnHost(hosts, host, script)).stdout,
    stack,
    failureOf: async (overrides, given) => {
      const failing = await stack(overrides, given);
      return upStack(failing, { progress: () => {} }).then(
        () => "",
        (error: Error) => error.message,
      );
    },
    close: () => closeHosts(hosts),
  };
}
