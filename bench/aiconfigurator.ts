import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Residual } from "./evaluate";
import { quantile } from "./quantile";
import type { MeasuredCase } from "./read-cases";
import { percent, type Table } from "./table";

/** Version of the peer that is run. */
export const PEER_VERSION = "0.12.0";
const TIMEOUT_MS = 15 * 60_000;

interface Estimate {
  readonly id: string;
  readonly ttft_ms_mean?: number;
  readonly itl_ms_mean?: number;
  readonly error?: string;
}

type Answer = { readonly estimates: readonly Estimate[] } | { readonly absent: string };

function cacheFolder(): string {
  return process.env.SHARDPLAN_CACHE ?? join(homedir(), ".cache", "shardplan");
}

/** Python of a virtual environment with the package; made on first use. */
function pythonWithPackage(): { python: string } | { absent: string } {
  const folder = join(cacheFolder(), `aiconfigurator-${PEER_VERSION}`);
  const python = join(folder, "bin", "python");
  const works = () =>
    spawnSync(python, ["-c", "import aiconfigurator"], { timeout: TIMEOUT_MS }).status === 0;
  if (existsSync(python) && works()) return { python };
  const venv = spawnSync("python3", ["-m", "venv", folder], { encoding: "utf8" });
  if (venv.status !== 0) return { absent: "python3 with venv is not here" };
  const pip = spawnSync(python, ["-m", "pip", "install", "-q", `aiconfigurator==${PEER_VERSION}`], {
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  if (pip.status === 0 && works()) return { python };
  return { absent: `the package aiconfigurator ${PEER_VERSION} could not be installed` };
}

/** Folder of the published config.json files that the package carries. Throws when the package cannot be installed. */
export function configFolder(): string {
  const ready = pythonWithPackage();
  if ("absent" in ready) throw new Error(ready.absent);
  const where = "import aiconfigurator_core as package; print(package.__path__[0])";
  const child = spawnSync(ready.python, ["-c", where], { encoding: "utf8", timeout: TIMEOUT_MS });
  if (child.status !== 0) throw new Error(`no configs in the package: ${child.stderr.trim()}`);
  return join(child.stdout.trim(), "model_configs");
}

function run(python: string, input: string): Answer {
  const script = join(__dirname, "aiconfigurator_estimates.py");
  const child = spawnSync(python, [script], { input, encoding: "utf8", timeout: TIMEOUT_MS });
  if (child.status !== 0) return { absent: `its script failed: ${child.stderr.trim().split("\n").at(-1)}` };
  const estimates = child.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Estimate);
  return { estimates };
}

/** The peer's estimates for the rows; kept in the cache folder, because it takes seconds for a row. */
export function peerEstimates(rows: readonly MeasuredCase[]): Answer {
  const input = JSON.stringify(rows.map(({ cells, measured }) => ({ ...cells, ...measured })));
  const key = createHash("sha256").update(PEER_VERSION).update(input).digest("hex").slice(0, 16);
  const file = join(cacheFolder(), `aiconfigurator-estimates-${key}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Answer;
  const ready = pythonWithPackage();
  if ("absent" in ready) return ready;
  const answer = run(ready.python, input);
  if ("estimates" in answer) {
    mkdirSync(cacheFolder(), { recursive: true });
    writeFileSync(file, JSON.stringify(answer));
  }
  return answer;
}

/**
 * The peer and this planner on the same vLLM rows. The peer is given the batch that each row had; it has no notion of a
 * first wave, of cold prefixes or of percentiles, and refuses rows that the KV cache cannot hold.
 */
export function peerTable(rows: readonly MeasuredCase[], own: readonly Residual[]): Table {
  const vllm = rows.filter(({ cells }) => cells.engine === "vLLM");
  const answer = peerEstimates(vllm);
  const title = `AIConfigurator ${PEER_VERSION} on the same vLLM rows`;
  if ("absent" in answer) return { title, note: `Not run: ${answer.absent}.`, header: ["-"], rows: [] };
  const byId = new Map(answer.estimates.map((estimate) => [estimate.id, estimate] as const));
  const refused = answer.estimates.filter(({ error }) => error !== undefined).length;
  const lines = (["ttft_ms_mean", "itl_ms_mean"] as const).flatMap((column) =>
    ["closed", "constant"].map((arrivals) => {
      const chosen = own.filter(
        (r) => r.row.cells.engine === "vLLM" && r.row.cells.arrivals === arrivals && r.column === column,
      );
      const both = chosen.flatMap((residual) => {
        const estimate = byId.get(residual.row.id)?.[column];
        return estimate === undefined ? [] : [{ residual, peer: estimate / residual.measured - 1 }];
      });
      const size = (errors: readonly number[], share: number) =>
        percent(
          quantile(
            errors.map((error) => Math.abs(error)),
            share,
          ),
        );
      const peers = both.map(({ peer }) => peer);
      const ours = both.map(({ residual }) => residual.error);
      return [
        `${column}, ${arrivals}`,
        String(both.length),
        size(peers, 0.5),
        size(peers, 0.9),
        size(ours, 0.5),
        size(ours, 0.9),
      ];
    }),
  );
  return {
    title,
    note: `It refuses ${refused} of ${vllm.length} rows as out of memory, which ran; they are left out on both sides. Ours are the figures of groups left out of the fit.`,
    header: ["figure", "n", "peer median", "peer p90", "shardplan median", "shardplan p90"],
    rows: lines,
  };
}
