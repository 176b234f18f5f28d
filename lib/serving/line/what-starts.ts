import { UserError } from "../../config";
import { type Fit, fitPinned, readSituation } from "../../strategy";
import { degreesOf, type LineDeployment, type LineQuestion, lineDeployment } from "./line-deployment";

/** A change of a line with which vLLM starts. */
export interface Start {
  /** Flags to give, in place of those that the line has. */
  readonly flags: readonly string[];
  readonly kvCacheTokens: number;
  readonly concurrency: number;
}

/** Changes that are shown. */
const MOST = 3;
/** Lengths are proposed in steps of this many tokens. */
const STEP = 1024;
/** As much as leaves room for a CUDA context on any GPU. */
const HIGH_UTILIZATION = 0.95;
const FP8_SINCE = 8.9;

/** A change as flags by their names; an empty value is a switch. */
type Change = Readonly<Record<string, string>>;

/** Changes of a line that does not start with which it does: each was counted. The least invasive first. */
export function findStarts(question: LineQuestion, read: LineDeployment): readonly Start[] {
  const first = counted(question, {});
  if (first === undefined) return [];
  const single = [shorter(question, {}), ...singles(question, first)].filter(
    (change) => change !== undefined,
  );
  const found = single.flatMap((change) => started(question, change) ?? []);
  if (found.length > 0) return found.slice(0, MOST);
  // Nothing alone helps: more GPUs, and with them the length that fits.
  return singles(question, first)
    .map((change) => shorter(question, change))
    .filter((change) => change !== undefined)
    .flatMap((change) => started(question, change) ?? [])
    .filter(({ concurrency }) => concurrency >= 1 && read.refused.length === 0)
    .slice(0, MOST);
}

function singles({ machines }: LineQuestion, { model, strategy, serving, gpu, deployment }: Fit): Change[] {
  const there = machines.gpusPerNode * machines.nodes;
  const { tensorParallel, pipelineParallel, dataParallel } = strategy;
  const room = Math.floor(there / pipelineParallel / dataParallel);
  const degrees = Array.from({ length: room }, (_, at) => at + 1)
    .filter((degree) => degree !== tensorParallel && model.attentionHeads % degree === 0)
    .sort(
      (a, b) =>
        Number(a < tensorParallel) - Number(b < tensorParallel) ||
        Math.abs(a - tensorParallel) - Math.abs(b - tensorParallel),
    );
  return [
    ...(serving.gpuMemoryUtilization < HIGH_UTILIZATION
      ? [{ "gpu-memory-utilization": `${HIGH_UTILIZATION}` }]
      : []),
    ...(serving.gpuMemoryUtilization > HIGH_UTILIZATION
      ? [{ "gpu-memory-utilization": `${HIGH_UTILIZATION}` }]
      : []),
    ...(serving.maxNumSeqs > 128 ? [{ "max-num-seqs": "128" }] : []),
    ...(serving.maxNumBatchedTokens < serving.maxNumSeqs
      ? [{ "max-num-seqs": `${serving.maxNumBatchedTokens}` }]
      : []),
    ...(deployment.serving.dtype === "bfloat16" && (gpu.computeCapability ?? 8) < 8
      ? [{ dtype: "half" }]
      : []),
    ...(model.experts && strategy.expertParallel === 1 && tensorParallel > 1
      ? [{ "enable-expert-parallel": "" }]
      : []),
    ...degrees.slice(0, 3).map((degree) => ({ "tensor-parallel-size": `${degree}` })),
    ...((gpu.computeCapability ?? 0) >= FP8_SINCE && deployment.model.kvCacheDtype === "auto"
      ? [{ "kv-cache-dtype": "fp8" }]
      : []),
    ...(serving.maxNumSeqs > 128
      ? [{ "gpu-memory-utilization": `${HIGH_UTILIZATION}`, "max-num-seqs": "128" }]
      : []),
  ];
}

/** A change, and the longest length of which a sequence surely fits with it. */
function shorter(question: LineQuestion, change: Change): Change | undefined {
  let next = counted(question, change);
  // Layers with a window take less of a longer sequence, so that a shorter one fits fewer tokens.
  for (let round = 0; round < 3 && next !== undefined; round++) {
    const tokens =
      Math.floor(Math.min(next.loggedTokens.low, next.model.maxPositionEmbeddings) / STEP) * STEP;
    if (tokens < STEP || tokens >= next.serving.maxModelLen) return undefined;
    const shortened = { ...change, "max-model-len": `${tokens}` };
    next = counted(question, shortened);
    if (next !== undefined && next.loggedTokens.low >= tokens) return shortened;
  }
  return undefined;
}

function started(question: LineQuestion, change: Change): Start | undefined {
  const { gpus } = degreesOf(changed(question, change).line.flags);
  const now = counted(question, change);
  if (
    now === undefined ||
    now.violations.length > 0 ||
    gpus > question.machines.gpusPerNode * question.machines.nodes
  )
    return undefined;
  return {
    flags: Object.entries(change).map(([name, value]) => (value === "" ? `--${name}` : `--${name} ${value}`)),
    kvCacheTokens: now.loggedTokens.tokens,
    concurrency: now.loggedTokens.tokens / now.serving.maxModelLen,
  };
}

function changed(question: LineQuestion, change: Change): LineQuestion {
  const entries = Object.entries(change).map(
    ([name, value]) => [name, [value === "" ? "true" : value]] as const,
  );
  return { ...question, line: { ...question.line, flags: new Map([...question.line.flags, ...entries]) } };
}

/** The line with a change, in memory; undefined where its values contradict each other. */
function counted(question: LineQuestion, change: Change): Fit | undefined {
  try {
    const { deployment, modelConfig, refused } = lineDeployment(changed(question, change));
    const now = fitPinned(readSituation(deployment, { modelConfig }));
    return Object.keys(change).length > 0 && refused.length > 0 ? undefined : now;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
