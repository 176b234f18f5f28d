import { z } from "zod";
import { lengthsOf } from "../performance";
import type { Plan } from "../strategy";

/** The load of a proof: the plan's own workload. */
export interface LoadTest {
  /** Prompt and output tokens of each request. */
  readonly requests: readonly (readonly [number, number])[];
  /** Requests per second; null sends all at once, or as the clients come free. */
  readonly requestRate: number | null;
  /** Shape of the gamma-distributed gaps, as `vllm bench serve` takes it: 1 is Poisson. */
  readonly burstiness: number;
  /** Requests in flight of a closed loop; null for an open one. */
  readonly concurrency: number | null;
  readonly seed: number;
}

const FEWEST_REQUESTS = 30;
const MOST_REQUESTS = 5000;
/** Gaps that vary this little are constant. */
const CONSTANT = 1e6;

/** The load test of a plan: its lengths, its rate, its seed, for proof.loadSeconds. */
export function loadTest(plan: Plan): LoadTest {
  const { workload, proof } = plan.deployment;
  const { arrivals, seed, concurrency, burstiness } = workload;
  const rate = plan.throughput.requestRate;
  const wanted = Math.max(FEWEST_REQUESTS, Math.round(rate * proof.loadSeconds));
  const count = Math.min(MOST_REQUESTS, wanted);
  const prompts = lengthsOf(workload.promptTokens, count, { seed, name: "proof prompts" });
  const outputs = lengthsOf(workload.outputTokens, count, { seed, name: "proof outputs" });
  const longest = plan.serving.maxModelLen;
  const requests = Array.from({ length: count }, (_, at): [number, number] => {
    const prompt = Math.min(prompts[at], longest - 1);
    return [prompt, Math.min(outputs[at], longest - prompt)];
  });
  const isPaced = arrivals !== "closed" && arrivals !== "offline";
  const shapes = { poisson: 1, bursty: 1 / burstiness, constant: CONSTANT, closed: 1, offline: 1 };
  return {
    requests,
    requestRate: isPaced ? rate : null,
    burstiness: shapes[arrivals],
    concurrency: arrivals === "closed" ? concurrency : null,
    seed,
  };
}

const milliseconds = z.object({ p50: z.number(), p99: z.number() });
const range = z.tuple([z.number(), z.number().nullable()]).readonly().nullable();

/** Edges (ms) between which a percentile of vLLM's own histogram lies; null where it is not known. */
export type MeasuredRange = readonly [low: number, high: number | null] | null;

/** What the load test measured; latencies in ms. */
export const measuredLoad = z.object({
  completed: z.number(),
  failed: z.number(),
  seconds: z.number(),
  outputTokensPerSecond: z.number(),
  firstToken: milliseconds,
  decode: milliseconds,
  prefill: z.object({ p50: range, p99: range }),
  /** Processes that wanted a core of the first host at once, on average, the service's own among them; of earlier programs unknown. */
  host: z.object({ wantedCores: z.number(), cores: z.number() }).optional(),
});
export type MeasuredLoad = z.infer<typeof measuredLoad>;

/** What a plan says of its load test, as a stack keeps it for later tests; latencies in ms. */
export const loadExpectation = z.object({
  hardware: z.string(),
  /** Whether the plan speaks of this hardware: else only targets are judged. */
  isJudged: z.boolean(),
  outputTokensPerSecond: z.number(),
  rows: z.array(
    z.object({
      quantity: z.enum(["prefill", "firstToken", "decode"]),
      percentile: z.enum(["p50", "p99"]),
      predictedMs: z.number(),
      bandMs: z.tuple([z.number(), z.number()]),
      targetMs: z.number(),
    }),
  ),
});
export type LoadExpectation = z.infer<typeof loadExpectation>;
type ExpectedRow = LoadExpectation["rows"][number];

/** One latency: predicted with its band, measured, target; all in ms. */
export interface ProofRow {
  readonly quantity: string;
  readonly predictedMs: number;
  readonly bandMs: readonly [low: number, high: number];
  /** Both edges are the same where it was measured exactly. */
  readonly measuredMs: MeasuredRange;
  readonly targetMs: number;
  readonly verdict: "meets the target" | "misses the target" | "cannot tell";
  readonly againstPlan: "within the band" | "faster than planned" | "slower than planned" | "not judged";
}

/** The plan's word held against what was measured. */
export interface LoadProof {
  readonly verdict: "as planned" | "targets missed" | "slower than planned" | "requests failed";
  /** The table, for a reader. */
  readonly text: string;
  readonly rows: readonly ProofRow[];
  readonly outputTokensPerSecond: { readonly predicted: number; readonly measured: number };
}

/** What a load test of this plan is held against. */
export function expectedLoad({ latency, deployment, gpu, throughput }: Plan): LoadExpectation {
  const rows = (["prefill", "firstToken", "decode"] as const).flatMap((quantity) =>
    (["p50", "p99"] as const).map((percentile): ExpectedRow => {
      const planned = latency[quantity];
      return {
        quantity,
        percentile,
        predictedMs: planned[`${percentile}Ms`],
        bandMs: [planned[`${percentile}LowMs`], planned[`${percentile}HighMs`]],
        targetMs: deployment.slo[quantity][`${percentile}Ms`],
      };
    }),
  );
  const { outputTokensPerSecond } = throughput;
  return { hardware: gpu.name, isJudged: gpu.kind === "gpu", outputTokensPerSecond, rows };
}

/**
 * Holds a load test against what was expected. Targets are the user's and always judged; the plan's bands only on
 * hardware that it speaks of.
 */
export function judgeLoad(expected: LoadExpectation, measured: MeasuredLoad): LoadProof {
  const rows = expected.rows.map((row) => rowOf(row, measured, expected.isJudged));
  const outputTokensPerSecond = {
    predicted: expected.outputTokensPerSecond,
    measured: measured.outputTokensPerSecond,
  };
  const verdict = verdictOf(rows, measured);
  return { verdict, rows, outputTokensPerSecond, text: tableOf(expected, { verdict, rows, measured }) };
}

const LABELS = { prefill: "prefill", firstToken: "first token", decode: "decode" } as const;

function rowOf(expected: ExpectedRow, measured: MeasuredLoad, isJudged: boolean): ProofRow {
  const { quantity, percentile, predictedMs, bandMs, targetMs } = expected;
  const seen = measured[quantity][percentile];
  const range: MeasuredRange = typeof seen === "number" ? [seen, seen] : seen;
  return {
    quantity: `${LABELS[quantity]} ${percentile}`,
    predictedMs,
    bandMs,
    measuredMs: range,
    targetMs,
    verdict: compare(range, targetMs),
    againstPlan: isJudged ? againstBand(range, bandMs) : "not judged",
  };
}

function compare(range: MeasuredRange, targetMs: number): ProofRow["verdict"] {
  if (range === null) return "cannot tell";
  const [low, high] = range;
  if (high !== null && high <= targetMs) return "meets the target";
  return low > targetMs ? "misses the target" : "cannot tell";
}

function againstBand(range: MeasuredRange, [low, high]: readonly [number, number]): ProofRow["againstPlan"] {
  if (range === null) return "not judged";
  if (range[0] > high) return "slower than planned";
  if (range[1] !== null && range[1] < low) return "faster than planned";
  return range[0] === range[1] ? "within the band" : "not judged";
}

function verdictOf(rows: readonly ProofRow[], { failed }: MeasuredLoad): LoadProof["verdict"] {
  if (failed > 0) return "requests failed";
  if (rows.some((row) => row.verdict === "misses the target")) return "targets missed";
  return rows.some((row) => row.againstPlan === "slower than planned") ? "slower than planned" : "as planned";
}

interface Table {
  readonly verdict: LoadProof["verdict"];
  readonly rows: readonly ProofRow[];
  readonly measured: MeasuredLoad;
}

function tableOf(expected: LoadExpectation, { verdict, rows, measured }: Table): string {
  const judged = expected.isJudged
    ? []
    : [`The plan does not speak of ${expected.hardware}: only targets are judged, not its predictions.`];
  const tokens = `tokens/s: predicted ${number(expected.outputTokensPerSecond)}, measured ${number(measured.outputTokensPerSecond)}`;
  const asked = `${measured.completed} requests in ${number(measured.seconds)} s, ${measured.failed} failed`;
  const busy = verdict === "as planned" ? [] : busyHost(measured);
  const lines = [["ms", "predicted", "band", "measured", "target", ""], ...rows.map(cells)];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const table = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
  return [`load test: ${verdict} (${asked})`, ...table, tokens, ...judged, ...busy].join("\n");
}

/** A host that does other work, too, answers later than the plan says; nothing where it had time. */
function busyHost({ host }: MeasuredLoad): string[] {
  if (host === undefined || host.wantedCores <= host.cores) return [];
  const wanted = number(host.wantedCores);
  return [
    `The first host was busy: on average ${wanted} processes at once wanted its ${host.cores} cores, the service's own among them. Measure again when it does no other work: npm run verify -- --load.`,
  ];
}

function cells({
  quantity,
  predictedMs,
  bandMs,
  measuredMs,
  targetMs,
  verdict,
  againstPlan,
}: ProofRow): string[] {
  const band = `${number(bandMs[0])} to ${number(bandMs[1])}`;
  const plan = againstPlan === "not judged" ? "" : `, ${againstPlan}`;
  return [
    quantity,
    number(predictedMs),
    band,
    measuredText(measuredMs),
    number(targetMs),
    `${verdict}${plan}`,
  ];
}

function measuredText(range: MeasuredRange): string {
  if (range === null) return "-";
  const [low, high] = range;
  if (low === high) return number(low);
  if (high === null) return `above ${number(low)}`;
  return low === 0 ? `at most ${number(high)}` : `${number(low)} to ${number(high)}`;
}

const number = (value: number) =>
  Number.isFinite(value) ? value.toLocaleString("en-US", { maximumSignificantDigits: 3 }) : "-";
