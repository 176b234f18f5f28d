import { execFileSync, spawnSync } from "node:child_process";
import { Command } from "commander";
import { PROJECT } from "../project";
import { type DeployedStep, deployedSteps, outputsOf } from "./deployed-steps";
import { examine, type Finding } from "./examine";
import { measureLoad, proveAnswer } from "./prove";

interface Options {
  readonly stack: string;
  readonly fix?: boolean;
  readonly load?: boolean;
}

const print = (line: string) => process.stdout.write(`${line}\n`);

/** The state of a stack with its secrets, by the engine on PATH; nothing of it is written anywhere. */
function exportState(stack: string): unknown {
  const args = ["stack", "export", "--show-secrets", "--stack", stack, "--non-interactive"];
  try {
    const text = execFileSync("pulumi", args, {
      cwd: PROJECT,
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return JSON.parse(text).deployment;
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? (error as Error).message).trim();
    throw new Error(`stack ${stack}: cannot read its state (${said.split("\n")[0]}); see pulumi stack ls`);
  }
}

function stepsOf(stack: string, exported: unknown): DeployedStep[] {
  const steps = deployedSteps(exported);
  if (steps.length === 0) throw new Error(`stack ${stack}: is not deployed; run pulumi up --stack ${stack}`);
  return steps;
}

function say(findings: readonly Finding[], steps: readonly DeployedStep[]): void {
  for (const { host, step, kind, text } of findings)
    print(`${kind === "note" ? "note: " : ""}${host}: ${step}: ${text}`);
  const drift = findings.filter(({ kind }) => kind === "drift").length;
  const hosts = new Set(steps.map(({ host }) => host)).size;
  const whole = `${steps.length} steps on ${hosts} host${hosts === 1 ? "" : "s"}`;
  print(
    drift === 0 ? `${whole} are as the stack left them` : `${drift} of what ${whole} left is no longer so`,
  );
}

const hasDrift = (findings: readonly Finding[]) => findings.some(({ kind }) => kind === "drift");

async function doctor({ stack, fix }: Options): Promise<number> {
  const steps = stepsOf(stack, exportState(stack));
  const findings = await examine(steps);
  say(findings, steps);
  if (!hasDrift(findings)) return 0;
  if (!fix) {
    print(`to put it right: pulumi up --stack ${stack}, or the doctor with --fix`);
    return 2;
  }
  const up = spawnSync("pulumi", ["up", "--yes", "--skip-preview", "--stack", stack], {
    cwd: PROJECT,
    stdio: "inherit",
  });
  if (up.status !== 0) return 1;
  const after = await examine(stepsOf(stack, exportState(stack)));
  say(after, steps);
  return hasDrift(after) ? 2 : 0;
}

async function verify({ stack, load }: Options): Promise<number> {
  const exported = exportState(stack);
  const steps = stepsOf(stack, exported);
  const findings = await examine(steps);
  say(findings, steps);
  print(await proveAnswer(steps));
  if (!load) return hasDrift(findings) ? 2 : 0;
  const proof = await measureLoad(steps, outputsOf(exported));
  print(proof.text);
  const missed = proof.verdict === "targets missed" || proof.verdict === "requests failed";
  return missed || hasDrift(findings) ? 2 : 0;
}

async function main(argv: readonly string[]): Promise<void> {
  const run = (work: (options: Options) => Promise<number>) => async (options: Options) => {
    process.exitCode = await work(options);
  };
  const program = new Command("shardplan").description("Looks at what a stack runs on.");
  program
    .command("doctor")
    .description("says by name what is not as the stack left it; changes nothing unless told to")
    .requiredOption("--stack <name>", "the stack")
    .option("--fix", "run pulumi up, which puts it right")
    .action(run(doctor));
  program
    .command("verify")
    .description("the same, and proves the service by a real completion")
    .requiredOption("--stack <name>", "the stack")
    .option("--load", "load it as the plan says, and print predicted, measured and target")
    .action(run(verify));
  await program.parseAsync([...argv]);
}

main(process.argv).catch((error: Error) => {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
});
