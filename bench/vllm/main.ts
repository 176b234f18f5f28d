import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderText } from "../table";
import { largestDifference, type Outcome, schedulerTable, simulatedOutcome } from "./compare-schedulers";
import { driveScheduler } from "./drive";
import { DRIVEN_VERSION, scenarios as everyScenario } from "./scenarios";

/** What the unit tests hold the simulation against. */
const RECORD = join(
  __dirname,
  "..",
  "..",
  "test",
  "unit",
  "performance",
  "simulation",
  "vllm-scheduler.json",
);
/** How far apart the two may be. */
const ALLOWED = 0.01;

/** What was recorded of scenarios that are not driven this time. */
function recorded(): Record<string, Outcome> {
  return (JSON.parse(readFileSync(RECORD, "utf8")) as { outcomes: Record<string, Outcome> }).outcomes;
}

/**
 * Drives both schedulers, prints how they differ, and with --update records the real one's outcomes for the unit tests.
 * A word such as `ranks` drives only the scenarios whose name has it.
 */
async function main(): Promise<void> {
  const word = process.argv.slice(2).find((argument) => !argument.startsWith("--")) ?? "";
  const scenarios = everyScenario.filter(({ name }) => name.includes(word));
  const driven = await driveScheduler(scenarios, (line) => process.stderr.write(`${line}\n`));
  const rows = scenarios.map((scenario, i) => ({
    name: scenario.name,
    simulated: simulatedOutcome(scenario),
    driven: driven[i] as (typeof driven)[number],
  }));
  console.log(renderText(schedulerTable(rows)));
  const apart = rows.filter(({ simulated, driven: real }) => largestDifference(simulated, real) > ALLOWED);
  console.log(`${rows.length - apart.length} of ${rows.length} scenarios agree within ${100 * ALLOWED} %`);
  if (process.argv.includes("--update")) {
    const now = Object.fromEntries(rows.map(({ name, driven: real }) => [name, real]));
    const known = word === "" ? now : { ...recorded(), ...now };
    const outcomes = Object.fromEntries(everyScenario.map(({ name }) => [name, known[name]]));
    writeFileSync(RECORD, `${JSON.stringify({ version: DRIVEN_VERSION, outcomes }, null, 2)}\n`);
    console.log(`wrote ${RECORD}`);
  }
  process.exitCode = apart.length === 0 ? 0 : 1;
}

void main();
