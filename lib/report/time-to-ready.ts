import { weightBytes } from "../catalog";
import { loadedPrecision } from "../config";
import { DRAIN_SECONDS, engineServers } from "../serving";
import type { Plan } from "../strategy";
import { band, duration, plain } from "./format-number";

/** One phase between `pulumi up` and the first completion. Seconds; undefined where nobody published a figure. */
export interface ReadyPhase {
  readonly name: string;
  readonly lowSeconds?: number;
  readonly highSeconds?: number;
  readonly source: string;
}

/** Llama-2-70B in 16 bit: the weights that the published download times are of, in bytes. */
const LLAMA_2_70B_BYTES = 138e9;
/** Download and start of Llama-2-70B on one p4de host: streamed from S3, and with ordinary tools (4 min 25 s). */
const STREAMED_SECONDS = 20;
const ORDINARY_SECONDS = 265;
const DOWNLOAD_SOURCE =
  "scaled by bytes from Anyscale, Loading Llama-2 70b 20x faster (2023): 20 s streamed, 4 min 25 s with ordinary tools, to one host; not measured for the hub";

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

/**
 * How long each phase takes until the service answers, from published times. An estimate for planning a window, not a
 * figure that the plan is held against: the deployment measures the real one.
 */
export function timeToReady(plan: Plan): readonly ReadyPhase[] {
  return [...provisioning(plan), ...download(plan, loadedBytes(plan)), ...restart(plan)];
}

const loadedBytes = ({ model, deployment }: Plan) => weightBytes(model, loadedPrecision(deployment.model));

/** What a server goes through that starts again on a machine that has everything. */
const restart = (plan: Plan): readonly ReadyPhase[] => [load(loadedBytes(plan)), start(plan)];

/** Seconds of all phases together, those without a figure left out. */
export const totalSeconds = (phases: readonly ReadyPhase[]) => ({
  lowSeconds: phases.reduce((sum, phase) => sum + (phase.lowSeconds ?? 0), 0),
  highSeconds: phases.reduce((sum, phase) => sum + (phase.highSeconds ?? 0), 0),
});

/** What those who use the service notice when flags or the version of vLLM change, in sentences. */
export function changeText(plan: Plan): string {
  const servers = engineServers(plan).length;
  const drained = `Requests that run have ${DRAIN_SECONDS} s to end.`;
  if (servers === 1) {
    if (plan.gpu.kind === "cpu")
      return `A change of flags or of vLLM's version restarts the only server: nobody is served until it has loaded, how long is not known for this hardware. ${drained}`;
    const { lowSeconds, highSeconds } = totalSeconds(restart(plan));
    const open = plan.deployment.serving.enforceEager ? ", without the memory profile" : "";
    return `A change of flags or of vLLM's version restarts the only server: nobody is served for ${band(lowSeconds, highSeconds, duration)} (weights from local disk and start${open}; predicted from published times). ${drained}`;
  }
  const others = (plan.throughput.sustainableRequestRate * (servers - 1)) / servers;
  return `A change of flags or of vLLM's version has no outage: one server after the other restarts, and the others (${servers - 1} of ${servers}) sustain ${plain(others)} requests/s meanwhile. ${drained}`;
}

function provisioning({ deployment, gpu }: Plan): readonly ReadyPhase[] {
  if (deployment.hosts.length > 0) return [];
  const source = "no published figure: `pulumi up` waits for SSH and says how long it took";
  const host: ReadyPhase = { name: "Instance starts, SSH answers", source };
  const driver: ReadyPhase = {
    name: "Drivers, Fabric Manager, packages",
    source: "no published figure: drivers come with the machine image, packages from the index",
  };
  return gpu.kind === "cpu" ? [host] : [host, driver];
}

function download({ deployment }: Plan, bytes: number): readonly ReadyPhase[] {
  if (deployment.model.source === "path") return [];
  const scale = bytes / LLAMA_2_70B_BYTES;
  const from = deployment.model.source === "hub" ? "the hub" : "the bucket";
  return [
    {
      name: `Weights from ${from} to local disk`,
      lowSeconds: STREAMED_SECONDS * scale,
      highSeconds: ORDINARY_SECONDS * scale,
      source: DOWNLOAD_SOURCE,
    },
  ];
}

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
