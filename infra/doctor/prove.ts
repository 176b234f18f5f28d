import { z } from "zod";
import { judgeLoad, type LoadProof, loadExpectation, measuredLoad } from "../../lib/serving";
import { runOnTarget } from "../hosts/ssh-session";
import { actionCommand } from "../remote-command-line";
import type { DeployedStep } from "./deployed-steps";

/** A load test ends by itself long before. */
const LIMIT_SECONDS = 6 * 3600;

/** Has the host answer a real completion again, through the gateway, as the last `up` had it. */
export async function proveAnswer(steps: readonly DeployedStep[]): Promise<string> {
  const answer = z.object({ completionTokens: z.number(), seconds: z.number(), version: z.string() });
  const { completionTokens, seconds, version } = answer.parse(await again(steps, "verify"));
  return `vLLM ${version} answers through the gateway: ${completionTokens} tokens in ${seconds.toFixed(1)} s`;
}

/** Loads the service again as the last `up` did, and holds it against what that plan said. */
export async function measureLoad(
  steps: readonly DeployedStep[],
  outputs: Readonly<Record<string, unknown>>,
): Promise<LoadProof> {
  const expected = loadExpectation.safeParse(outputs.expectedLoad);
  if (!expected.success || !steps.some(({ step }) => step === "load"))
    throw new Error("the stack has no load test; set shardplan:proof.load to true and run pulumi up");
  return judgeLoad(expected.data, measuredLoad.parse(await again(steps, "load")));
}

/** Runs a step once more as the program ran it; what its last line says. */
async function again(steps: readonly DeployedStep[], wanted: string): Promise<unknown> {
  const step = steps.find((one) => one.step === wanted);
  if (step === undefined) throw new Error(`the stack has no step ${wanted}; run pulumi up`);
  const question = { command: actionCommand("apply"), stdin: step.stdin, limitSeconds: LIMIT_SECONDS };
  const { code, stdout, stderr } = await runOnTarget(step.target, question);
  const lines = (text: string) => text.trim().split("\n");
  if (code === 0) return JSON.parse(lines(stdout).at(-1) ?? "");
  throw new Error((lines(stderr).at(-1) ?? `${wanted} ended with ${code}`).replace(/^error: /, ""));
}
