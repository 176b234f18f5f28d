import { Command, Option } from "commander";
import { UserError } from "../lib/config";
import { closeHosts, hostsLeftBehind } from "./hosts/local-hosts";
import { progress } from "./progress";
import { howToReach, type Rehearsed, rehearse } from "./rehearse";

interface Arguments {
  readonly hosts: "1" | "2";
  readonly keep?: boolean;
  readonly destroy?: boolean;
}

function parseArguments(argv: readonly string[]): Arguments {
  return new Command("rehearse")
    .description(
      "Runs the whole program on this machine: Pulumi's engine, SSH, a Linux host with systemd, Ray and vLLM (built for CPUs) with a tiny model.",
    )
    .addOption(
      new Option("--hosts <number>", "hosts to spread the model over").choices(["1", "2"]).default("1"),
    )
    .option("--keep", "leave everything running, and say how to reach it")
    .option("--destroy", "remove what earlier rehearsals left running")
    .parse(argv)
    .opts<Arguments>();
}

/** The first interrupt, or a reader that went away, ends the rehearsal in order; a second interrupt at once. */
function interruptible(): AbortSignal {
  const controller = new AbortController();
  for (const stream of [process.stdout, process.stderr]) {
    // Without a listener each write to a closed pipe is an exception, which Pulumi's runtime would log to that pipe.
    stream.on("error", () => controller.abort(new Error("nobody reads what the rehearsal says")));
  }
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      progress("interrupted: cleaning up (once more to leave everything as it is)");
      controller.abort(new Error("interrupted"));
    });
  }
  return controller.signal;
}

async function destroyLeftBehind(): Promise<void> {
  const runs = await hostsLeftBehind();
  for (const hosts of runs) {
    progress(`removing ${hosts.hosts.map(({ name }) => name).join(", ")}`);
    await closeHosts(hosts);
  }
  if (runs.length === 0) progress("nothing was left running");
}

function report({ outputs, table, kept }: Rehearsed): string {
  const shown = Object.entries(outputs).map(([name, { value, secret }]) => [
    name,
    secret ? "[secret]" : value,
  ]);
  const completion = outputs.completion?.value as { text?: string } | undefined;
  return [
    "",
    ...table,
    "",
    "Stack outputs:",
    JSON.stringify(Object.fromEntries(shown), undefined, 2),
    "",
    `Completion: ${JSON.stringify(completion?.text)}`,
    ...(kept ? ["", ...howToReach(kept)] : []),
  ].join("\n");
}

async function main(): Promise<void> {
  const { hosts, keep = false, destroy } = parseArguments(process.argv);
  if (destroy) return destroyLeftBehind();
  const signal = interruptible();
  const rehearsed = await rehearse({ hosts: hosts === "2" ? 2 : 1, keep, progress, signal });
  process.stdout.write(`${report(rehearsed)}\n`);
}

function failureLine(error: unknown): string {
  if (error instanceof UserError) return error.line;
  return error instanceof Error ? error.message : String(error);
}

main().then(
  // Ends here whatever is still open: a connection to a host that was shut down would keep the process for minutes.
  () => process.stdout.write("", () => process.exit(0)),
  (error: unknown) => process.stderr.write(`${failureLine(error)}\n`, () => process.exit(1)),
);
