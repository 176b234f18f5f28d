import { Argument, Command, Option } from "commander";
import { UserError } from "../lib/config";
import { closeHosts, hostsLeftBehind } from "./hosts/local-hosts";
import { interruptible } from "./interruptible";
import { breakKept, FAULTS, type FaultName, howToAsk, statusOfKept, upAgain } from "./kept";
import { progress } from "./progress";
import { type Rehearsed, rehearse } from "./rehearse";

const LAYS = "section.key=value";

/** The verbs; without one, a rehearsal from beginning to end. */
function program(): Command {
  const rehearsal = new Command("rehearse")
    .description(
      "Runs the whole program on this machine: Pulumi's engine, SSH, a Linux host with systemd, Ray and vLLM (built for CPUs) with a tiny model.",
    )
    .addOption(
      new Option("--hosts <number>", "hosts to spread the model over").choices(["1", "2"]).default("1"),
    )
    .option("--keep", "leave everything running, and say how to reach it")
    .action(({ hosts, keep = false }: { hosts: "1" | "2"; keep?: boolean }) =>
      rehearseWhole(hosts === "2" ? 2 : 1, keep),
    );
  rehearsal
    .command("up")
    .description("run `pulumi up` again on the rehearsal that was kept")
    .option(`--set <${LAYS}>`, "change a key of its config", (text, all: string[]) => [...all, text], [])
    .action(async ({ set }: { set: string[] }) => say(await upAgain(set, progress)));
  rehearsal
    .command("status")
    .description("say what runs on its hosts")
    .action(async () => say(await statusOfKept()));
  rehearsal
    .command("break")
    .description("do its first host harm, to see what follows")
    .addArgument(new Argument("<fault>").choices(Object.keys(FAULTS)))
    .action(async (fault: FaultName) => say([await breakKept(fault)]));
  rehearsal
    .command("destroy")
    .description("remove what earlier rehearsals left running")
    .action(destroyLeftBehind);
  return rehearsal;
}

const say = (lines: readonly string[]): void => {
  process.stdout.write(`${lines.join("\n")}\n`);
};

async function destroyLeftBehind(): Promise<void> {
  const runs = await hostsLeftBehind();
  for (const hosts of runs) {
    progress(`removing ${hosts.hosts.map(({ name }) => name).join(", ")}`);
    await closeHosts(hosts);
  }
  if (runs.length === 0) progress("nothing was left running");
}

async function report({ outputs, table, kept }: Rehearsed): Promise<string[]> {
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
    "The rehearsal passed. The model's weights are random, so its text means nothing; what counts is that vLLM made it.",
    ...(kept ? ["", ...(await howToAsk(kept, outputs))] : []),
  ];
}

async function rehearseWhole(hosts: 1 | 2, keep: boolean): Promise<void> {
  const signal = interruptible();
  say(await report(await rehearse({ hosts, keep, progress, signal })));
}

function failureLine(error: unknown): string {
  if (error instanceof UserError) return error.line;
  return error instanceof Error ? error.message : String(error);
}

program()
  .parseAsync()
  .then(
    // Ends here whatever is still open: a connection to a host that was shut down would keep the process for minutes.
    () => process.stdout.write("", () => process.exit(0)),
    (error: unknown) => process.stderr.write(`${failureLine(error)}\n`, () => process.exit(1)),
  );
