import { readFile } from "node:fs/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { runRemoteCommand } from "../../rehearsal/providers/remote-command";
import { unwrapSecrets } from "../../rehearsal/providers/secret-value";
import { connectionSchema } from "../../rehearsal/providers/ssh-connection";
import type { TestHost } from "./local-host";

/** A remote step as the stack's state has it: exactly what the program sent to the host. */
export interface DeployedStep {
  /** Name of the file in infra/steps. */
  readonly step: string;
  readonly create: string;
  readonly stdin: string;
}

const state = z.object({
  resources: z.array(z.looseObject({ type: z.string(), inputs: z.unknown().optional() })).default([]),
});

/** Types of everything in the stack's state. */
export async function registeredTypes(stack: Stack): Promise<string[]> {
  return state.parse((await stack.exportStack()).deployment).resources.map(({ type }) => type);
}

/** The remote steps of a deployed stack in the order in which they ran. */
export async function deployedSteps(stack: Stack): Promise<DeployedStep[]> {
  const { resources } = state.parse((await stack.exportStack()).deployment);
  return resources
    .filter(({ type }) => type === "command:remote:Command")
    .map(({ inputs }) => {
      const { create, stdin } = z.object({ create: z.string(), stdin: z.string() }).parse(plain(inputs));
      const step = /^run_step (\S+)/m.exec(stdin)?.[1] ?? "";
      return { step, create, stdin };
    });
}

/** Exported state has secrets as `{ signature, plaintext: JSON }`. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if ("plaintext" in value) return plain(JSON.parse(String(value.plaintext)));
  return unwrapSecrets(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)])));
}

/** Runs a step again as the program ran it, and returns its result. */
export async function rerun(host: TestHost, { create, stdin }: DeployedStep): Promise<{ changes: number }> {
  const { address, user, hostKey } = host.config;
  const privateKey = await readFile(host.hosts.privateKeyPath, "utf8");
  const { stdout } = await runRemoteCommand(
    {
      connection: connectionSchema.parse({ host: address, user, hostKey, privateKey }),
      command: create,
      stdin,
      environment: {},
      offered: {},
      logging: "none",
    },
    { status: () => {}, warn: () => {}, error: () => {} },
  );
  return z.looseObject({ changes: z.number() }).parse(JSON.parse(stdout.split("\n").at(-1) ?? ""));
}
