import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { FROM_BUCKET, PUT_BUCKET } from "../bucket";
import { openEngine } from "../engine";
import { closeHosts, hostConfigs, openHosts, stopHosts } from "../hosts/local-hosts";
import { runOnHost } from "../hosts/run-on-host";
import { interruptible } from "../interruptible";
import { PhaseClock } from "../phase-clock";
import { prepareHosts } from "../prepare";
import { progress } from "../progress";
import { rehearsalStack, TWO_REPLICAS } from "../rehearsal-stack";
import { destroyStack, upStack } from "../run-stack";
import { noisesUnderLoad } from "./quiet";
import { type Tortured, table, torture } from "./torture";

interface Options {
  /** How long nothing may fire under the load of the plan. */
  readonly quietMinutes: number;
  readonly runs: number;
  readonly seed: number;
  /** Servers of vLLM on the host. */
  readonly replicas: "1" | "2";
}

const SHORT_LOAD_SECONDS = 5;

function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("Give a whole number above 0.");
}

function minutes(text: string): number {
  return text === "0" ? 0 : whole(text);
}

async function onOneHost({ runs, seed, replicas, quietMinutes }: Options): Promise<Tortured> {
  const signal = interruptible();
  const base = await prepareHosts(new PhaseClock(progress, signal), progress);
  const hosts = await openHosts({ ...base, count: 1 });
  // The step that is killed next ends at once without its host.
  signal.addEventListener("abort", () => void stopHosts(hosts));
  try {
    const folder = join(hosts.folder, "engine");
    await mkdir(folder);
    const engine = await openEngine({ standIns: ["command"] }, folder);
    const stackWithLoad = (loadSeconds: number) =>
      rehearsalStack(engine, hostConfigs(hosts), {
        ...(replicas === "2" ? TWO_REPLICAS : {}),
        "shardplan:model": FROM_BUCKET,
        "shardplan:proof": { load: true, loadSeconds },
      });
    const noises: string[] = [];
    if (quietMinutes > 0) {
      const [host] = hosts.hosts;
      if (host !== undefined) await runOnHost(hosts, host, PUT_BUCKET);
      progress("up, then the load of the plan, under which nothing may fire");
      await upStack(await stackWithLoad(SHORT_LOAD_SECONDS), { progress: () => {} });
      const loaded = await stackWithLoad(60 * quietMinutes);
      noises.push(...(await noisesUnderLoad(loaded, hosts)));
      progress(noises.length === 0 ? `nothing fired in ${quietMinutes} minutes` : noises.join("\n"));
      // What follows begins on a host without a stack.
      await destroyStack(loaded, { progress: () => {} });
    }
    const { kills, faults } = await torture(await stackWithLoad(SHORT_LOAD_SECONDS), hosts, {
      runs,
      seed,
      progress,
    });
    return { kills, faults: [...noises, ...faults] };
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
    "Deploys to a local host, loads it as planned and looks that no alert fires; then kills each step, at a moment that the seed decides, with SIGKILL; runs it again, and holds the end against that of an undisturbed run.",
  )
  .option("--runs <number>", "kills, at least", whole, 20)
  .option(
    "--quiet-minutes <number>",
    "how long the plan's load runs first, under which no alert may fire; 0 for not at all",
    minutes,
    10,
  )
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
