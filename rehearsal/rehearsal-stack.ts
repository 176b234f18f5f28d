import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { shardplan } from "../infra";
import type { HostConfig } from "../lib/config";
import type { Engine } from "./engine";

const CHECKOUT = resolve(__dirname, "..");
export const STACK = "rehearsal";

type StackFile = { config: Record<string, Record<string, unknown>> };

/** Sections that are laid over those of Pulumi.rehearsal.yaml, such as `{ "shardplan:gateway": { port: 8443 } }`. */
export type StackOverrides = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Two replicas of one GPU, each a server of its own; the gateway takes one out and back while the other serves. */
export const TWO_REPLICAS: StackOverrides = {
  "shardplan:strategy": { tensorParallel: 1, dataParallel: 2 },
  "shardplan:slo": { firstToken: { p50Ms: 2000, p99Ms: 3000 } },
};

/**
 * The program's stack `rehearsal` with the given hosts, in the engine's own folder, so that the checkout stays as it is.
 * The hosts' GPUs are pretended: two on a single host, one on each of two.
 */
export async function rehearsalStack(
  engine: Engine,
  hosts: readonly HostConfig[],
  overrides: StackOverrides = {},
): Promise<Stack> {
  const workDir = join(engine.folder, "project");
  await mkdir(workDir, { recursive: true });
  const file = parse(await readFile(join(CHECKOUT, `Pulumi.${STACK}.yaml`), "utf8")) as StackFile;
  const { config } = file;
  const { model, hardware } = { model: config["shardplan:model"], hardware: config["shardplan:hardware"] };
  const gpus = Number(hardware?.gpusPerNode) * Number(hardware?.nodes);
  const merged: Record<string, unknown> = {
    ...config,
    "shardplan:model": { ...model, configPath: resolve(CHECKOUT, String(model?.configPath)) },
    "shardplan:hardware": { ...hardware, nodes: hosts.length, gpusPerNode: gpus / hosts.length },
    "shardplan:hosts": hosts,
  };
  for (const [section, values] of Object.entries(overrides)) {
    merged[section] = { ...(merged[section] as object), ...values };
  }
  await writeFile(join(workDir, "Pulumi.yaml"), stringify({ name: "shardplan", runtime: "nodejs" }));
  await writeStackFile(join(workDir, `Pulumi.${STACK}.yaml`), merged);
  const project = { stackName: STACK, projectName: "shardplan", program: shardplan };
  return LocalWorkspace.createOrSelectStack(project, { ...engine.workspace, workDir });
}

/** Keeps what the engine has written beside the config: the salt of the stack's secrets. */
async function writeStackFile(path: string, config: Record<string, unknown>): Promise<void> {
  const existing = await readFile(path, "utf8").catch(() => "{}");
  await writeFile(path, stringify({ ...(parse(existing) as object), config }));
}
