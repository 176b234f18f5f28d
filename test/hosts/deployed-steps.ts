import { readFile } from "node:fs/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { type DeployedStep, deployedSteps as stepsInState } from "../../infra/doctor/deployed-steps";
import { runRemoteCommand } from "../../rehearsal/providers/remote-command";
import { connectionSchema } from "../../rehearsal/providers/ssh-connection";
import type { TestHost } from "./local-host";

const state = z.object({
  resources: z.array(z.looseObject({ type: z.string() })).default([]),
});

/** Types of everything in the stack's state. */
export async function registeredTypes(stack: Stack): Promise<string[]> {
  return state.parse((await stack.exportStack()).deployment).resources.map(({ type }) => type);
}

/** The remote steps of a deployed stack in the order in which they ran. */
export async function deployedSteps(stack: Stack): Promise<DeployedStep[]> {
  return stepsInState((await stack.exportStack()).deployment);
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
