import {
  checkpointBytes,
  DRAIN_SECONDS,
  engineServers,
  type ReadyPhase,
  restartPhases,
  totalSeconds,
} from "../serving";
import type { Plan } from "../strategy";
import { band, duration, rateText } from "./format-number";

/** Llama-2-70B in 16 bit: the weights that the published download times are of, in bytes. */
const LLAMA_2_70B_BYTES = 138e9;
/** Download and start of Llama-2-70B on one p4de host: streamed from S3, and with ordinary tools (4 min 25 s). */
const STREAMED_SECONDS = 20;
const ORDINARY_SECONDS = 265;
const DOWNLOAD_SOURCE =
  "scaled by bytes from Anyscale, Loading Llama-2 70b 20x faster (2023): 20 s streamed, 4 min 25 s with ordinary tools, to one host; not measured for the hub";

/**
 * How long each phase takes until the service answers, from published times. An estimate for planning a window, not a
 * figure that the plan is held against: the deployment measures the real one.
 */
export function timeToReady(plan: Plan): readonly ReadyPhase[] {
  return [...provisioning(plan), ...download(plan, checkpointBytes(plan)), ...restartPhases(plan)];
}

/** What those who use the service notice when flags or the version of vLLM change, in sentences. */
export function changeText(plan: Plan): string {
  const servers = engineServers(plan).length;
  const drained = `Requests that run have ${DRAIN_SECONDS} s to end.`;
  if (servers === 1) {
    if (plan.gpu.kind === "cpu")
      return `A change of flags or of vLLM's version restarts the only server, and nobody is served until it has loaded. How long that takes is not known for this hardware. ${drained}`;
    const { lowSeconds, highSeconds } = totalSeconds(restartPhases(plan));
    const open = plan.deployment.serving.enforceEager ? ", without the memory profile" : "";
    return `A change of flags or of vLLM's version restarts the only server, and nobody is served for ${band(lowSeconds, highSeconds, duration)} (weights from local disk and start${open}; predicted from published times). ${drained}`;
  }
  const others = (plan.throughput.sustainableRequestRate * (servers - 1)) / servers;
  return `A change of flags or of vLLM's version has no outage: one server after the other restarts, and the others (${servers - 1} of ${servers}) sustain ${rateText(others)} meanwhile. ${drained}`;
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
