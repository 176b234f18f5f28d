import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { OutputMap, Stack } from "@pulumi/pulumi/automation";
import { type Engine, findEngine, openEngine } from "./engine";
import { EXPECTATIONS } from "./expectations";
import { closeHosts, hostConfigs, type LocalHosts, openHosts, stopHosts } from "./hosts/local-hosts";
import { howToReach, WITH_LOAD } from "./kept";
import { leftOnHosts } from "./left-on-host";
import { PhaseClock, type PhaseTime } from "./phase-clock";
import { prepareHosts } from "./prepare";
import type { Progress } from "./progress";
import { rehearsalStack } from "./rehearsal-stack";
import { destroyStack, upStack } from "./run-stack";

export interface RehearsalOptions {
  readonly hosts: 1 | 2;
  /** Leave hosts and stack as they are at the end, also when something fails. */
  readonly keep: boolean;
  readonly progress: Progress;
  /** Ends the rehearsal early; what it made is removed all the same. */
  readonly signal: AbortSignal;
}

export interface Rehearsed {
  readonly outputs: OutputMap;
  readonly times: readonly PhaseTime[];
  readonly table: readonly string[];
  /** Present when everything was kept. */
  readonly kept?: LocalHosts;
}

/** Runs the whole program on local hosts. Throws when anything is not as it must be; leaves nothing unless told to. */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsed> {
  const { progress, signal, keep } = options;
  const clock = new PhaseClock(progress, signal);
  await clock.run("engine", "Pulumi's own", () => findEngine(progress));
  const base = await prepareHosts(clock, progress);
  const hosts = await clock.run("hosts", `${options.hosts} x Debian 12, booted, reached over SSH`, () =>
    openHosts({ ...base, count: options.hosts }),
  );
  // The engine waits for the step that is running, which may take minutes: without hosts it ends at once.
  if (!keep) signal.addEventListener("abort", () => void stopHosts(hosts));
  try {
    const outputs = await deployAndProve(hosts, clock, options);
    return { outputs, times: clock.times, table: clock.table(), ...(keep ? { kept: hosts } : {}) };
  } catch (error) {
    if (keep) for (const line of howToReach(hosts)) progress(line);
    throw error;
  } finally {
    if (!keep) await closeHosts(hosts);
  }
}

async function deployAndProve(
  hosts: LocalHosts,
  clock: PhaseClock,
  options: RehearsalOptions,
): Promise<OutputMap> {
  const folder = join(hosts.folder, "engine");
  await mkdir(folder);
  const engine = await openEngine({ standIns: ["command"] }, folder);
  const stack = await rehearsalStack(engine, hostConfigs(hosts), WITH_LOAD);
  const { outputs } = await clock.run("up", upIsReal(engine), () => upStack(stack, options));
  for (const { what, read } of EXPECTATIONS) {
    await clock.run("check", what, async () => options.progress(`  ${await read({ hosts, outputs })}`));
  }
  await clock.run("second up", "changes nothing", () => assertUnchanged(stack, options));
  if (!options.keep) {
    await clock.run("destroy", "leaves nothing on the hosts", () => destroyAll(stack, hosts, options));
  }
  return outputs;
}

function upIsReal({ standIns }: Engine): string {
  const plugin = standIns.includes("command") ? "a stand-in for the command plugin" : "the command plugin";
  return `the program in Pulumi's engine, ${plugin}, SSH, every step`;
}

async function assertUnchanged(stack: Stack, options: RehearsalOptions): Promise<void> {
  const { summary } = await upStack(stack, options);
  const { same = 0, ...changes } = summary.resourceChanges ?? {};
  if (Object.keys(changes).length > 0) throw new Error(`the second up changes ${JSON.stringify(changes)}`);
  options.progress(`  ${same} resources unchanged`);
}

async function destroyAll(stack: Stack, hosts: LocalHosts, options: RehearsalOptions): Promise<void> {
  await destroyStack(stack, options);
  const { resources = [] } = (await stack.exportStack()).deployment;
  const left = [...resources.map(({ urn }: { urn: string }) => urn), ...(await leftOnHosts(hosts))];
  if (left.length > 0) throw new Error(`destroy left behind:\n${left.join("\n")}`);
}
