import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequestTable } from "../../lib/performance/simulation/request-table";
import { type DrivenResult, drivenOutcome, type Outcome } from "./compare-schedulers";
import { engineSources, runEngineScript } from "./engine-sources";
import { drivenScenario, type Scenario } from "./scenarios";

/** What the real scheduler makes of the scenarios, in their order. */
export async function driveScheduler(
  scenarios: readonly Scenario[],
  onLine?: (line: string) => void,
): Promise<readonly Outcome[]> {
  const engine = await engineSources();
  const exchange = await mkdtemp(join(tmpdir(), "shardplan-vllm-"));
  try {
    await writeFile(join(exchange, "scenarios.json"), JSON.stringify(scenarios.map(drivenScenario)));
    await runEngineScript(engine, "drive_scheduler.py", exchange, onLine);
    const lines = (await readFile(join(exchange, "results.jsonl"), "utf8")).trim().split("\n");
    return lines.map((line, i) => {
      const result = JSON.parse(line) as DrivenResult;
      const scenario = scenarios[i] as Scenario;
      return drivenOutcome(result, [...createRequestTable(scenario.input.traffic).outputTokens]);
    });
  } finally {
    await rm(exchange, { recursive: true, force: true });
  }
}
