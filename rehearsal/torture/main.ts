import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { FROM_BUCKET } from "../bucket";
import { openEngine } from "../engine";
import { closeHosts, hostConfigs, openHosts, stopHosts } from "../hosts/local-hosts";
import { interruptible } from "../interruptible";
import { PhaseClock } from "../phase-clock";
import { prepareHosts } from "../prepare";
import { progress } from "../progress";
import { rehearsalStack, TWO_REPLICAS } from "../rehearsal-stack";
import { type Tortured, table, torture } from "./torture";

interface Options {
  readonly runs: number;
  readonly seed: number;
  /** Servers of vLLM on the host. */
  readonly replicas: "1" | "2";
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("Give a whole number above 0.");
}

async function onOneHost({ runs, seed, replicas }: Options): Promise<Tortured> {
  const signal = interruptible();
  const base = await prepareHosts(new PhaseClock(progress, signal), progress);
  const hosts = await openHosts({ ...base, count: 1 });
  // The step that is killed next ends at once without its host.
  signal.addEventListener("abort", () => void stopHosts(hosts));
  try {
    const folder = join(hosts.folder, "engine");
    await mkdir(folder);
    const engine = await openEngine({ standIns: ["command"] }, folder);
    const stack = await rehearsalStack(engine, hostConfigs(hosts), {
      ...(replicas === "2" ? TWO_REPLICAS : {}),
      "shardplan:model": FROM_BUCKET,
      "shardplan:proof": { load: true, loadSeconds: 5 },
    });
    return await torture(stack, hosts, { runs, seed, progress });
  } finally {
    await closeHosts(hosts);
  }
}

async function main(options: Options): Promise<void> {
  const { kills, faults } = await onOneHost(options);
  const verdict = `${kills.length} kills (seed ${options.seed}), ${faults.length} faults`;
  process.stdout.write(`${["", ...table(kills), "", ...faults, verdict].join("\n")}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

new Command("torture")
  .description(
    "Deploys to a local host and kills each step, at a moment that the seed decides, with SIGKILL; runs it again, and holds the end against that of an undisturbed run.",
  )
  .option("--runs <number>", "kills, at least", whole, 20)
  .option("--seed <number>", "decides where each step is killed", whole, 1)
  .addOption(
    new Option("--replicas <number>", "servers of vLLM on the host").choices(["1", "2"]).default("1"),
  )
  .action(main)
  .parseAsync()
  .then(
    // Ends here whatever is still open: a connection to a host that was shut down would keep the process for minutes.
    () => process.exit(),
    (error: Error) => process.stderr.write(`${error.message}\n`, () => process.exit(1)),
  );
