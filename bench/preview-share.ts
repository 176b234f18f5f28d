import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { planOrFail } from "../infra/plan-or-fail";
import { type DeploymentInput, parseDeployment } from "../lib/config";
import { openAwsProgram } from "../test/engine/aws-program";

/** The quickest counts, as other work on the machine only adds. */
const REPEATS = 3;

/** Sections of the stack file `prod`, reached from somewhere. */
function prod(): DeploymentInput {
  const { config } = parse(readFileSync(join(__dirname, "..", "Pulumi.prod.yaml"), "utf8"));
  const sections = Object.entries(config as Record<string, object>).map(([key, value]) => [
    key.replace("shardplan:", ""),
    value,
  ]);
  const input = Object.fromEntries(sections) as DeploymentInput;
  const aws = { ...input.aws, sshAllowedCidrs: ["203.0.113.7/32"], skipChecks: ["reach" as const] };
  return { ...input, aws };
}

/** CPU time of this process in ms that some work takes. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * What the program itself adds to a preview of a stack that has not changed: the CPU time of the process in which it runs,
 * the engine's and the plugins' left out (they are other processes), and what of it is the plan.
 */
async function main(): Promise<void> {
  const input = prod();
  const firstPlanMs = await cpuMs(async () => planOrFail(parseDeployment(input)));
  const program = await openAwsProgram();
  try {
    await program.configure(input);
    await program.stack.up();
    const previews: number[] = [];
    const plans: number[] = [];
    for (let run = 0; run < REPEATS; run++) {
      const preview = async () => {
        const { changeSummary } = await program.stack.preview();
        const { same: _, ...changes } = changeSummary;
        if (Object.keys(changes).length > 0) throw new Error(`it changes ${JSON.stringify(changes)}`);
      };
      previews.push(await cpuMs(preview));
      plans.push(await cpuMs(async () => planOrFail(parseDeployment(input))));
    }
    const seconds = (ms: number) => (ms / 1000).toFixed(2);
    const [preview, plan] = [Math.min(...previews), Math.min(...plans)];
    console.log(
      `a preview of prod without a change: the program takes ${seconds(preview - plan + firstPlanMs)} s of CPU, of which ` +
        `the plan of a process that has just started ${seconds(firstPlanMs)} s (planned again ${seconds(plan)} s)`,
    );
  } finally {
    await program.close();
  }
  process.exit();
}

void main();
