import { weightBytes } from "../catalog";
import { loadedPrecision } from "../config";
import type { Plan } from "../strategy";

/** One phase between `pulumi up` and the first completion. Seconds; undefined where nobody published a figure. */
export interface ReadyPhase {
  readonly name: string;
  readonly lowSeconds?: number;
  readonly highSeconds?: number;
  readonly source: string;
}

/** DeepSeek-R1 is 671e9 parameters in FP8; vLLM's default loader reads it in 160 s on 8 H200. */
const LOADER_BYTES_PER_SECOND = 671e9 / 160;
/** Llama-3.1-70B at TP 8 from a slow disk: 854 s between engine start and memory profile in the log. */
const SLOW_DISK_BYTES_PER_SECOND = 141e9 / 854;
const LOAD_SOURCE =
  "fast: vLLM docs/models/extensions/instanttensor.md, DeepSeek-R1 on 8 H200 in 160 s; slow disk: vllm-project/vllm issue 10702, 70B at TP 8 in 854 s";

/** Logs: profile, cached compile and capture 34 s (issue 20264); uncached 10 s trace + 41 s compile + 17 s capture. */
const WARM_START_SECONDS = 34;
const COLD_START_SECONDS = 68;
const START_SOURCE =
  "vllm-project/vllm issues 20264 (34 s with compiled code in the cache) and 17451 (51 s to compile without, plus 17 s to capture graphs); smaller models than this one";

/** Bytes of the checkpoint as it lies on the disk. */
export const checkpointBytes = ({ model, deployment }: Plan): number =>
  weightBytes(model, loadedPrecision(deployment.model));

/** What a server goes through that starts again on a machine that has everything. */
export const restartPhases = (plan: Plan): readonly ReadyPhase[] => [
  load(checkpointBytes(plan)),
  start(plan),
];

/** Seconds of all phases together, those without a figure left out. */
export const totalSeconds = (phases: readonly ReadyPhase[]) => ({
  lowSeconds: phases.reduce((sum, phase) => sum + (phase.lowSeconds ?? 0), 0),
  highSeconds: phases.reduce((sum, phase) => sum + (phase.highSeconds ?? 0), 0),
});

const load = (bytes: number): ReadyPhase => ({
  name: "Weights from local disk to GPUs",
  lowSeconds: bytes / LOADER_BYTES_PER_SECOND,
  highSeconds: bytes / SLOW_DISK_BYTES_PER_SECOND,
  source: LOAD_SOURCE,
});

function start({ deployment }: Plan): ReadyPhase {
  if (deployment.serving.enforceEager) {
    return { name: "Memory profile (eager: no compilation, no graphs)", source: "no published figure" };
  }
  return {
    name: "Memory profile, compilation, CUDA graphs",
    lowSeconds: WARM_START_SECONDS,
    highSeconds: COLD_START_SECONDS,
    source: START_SOURCE,
  };
}
