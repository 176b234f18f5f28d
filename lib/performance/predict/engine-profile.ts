import { compareVersions } from "../memory/compare-versions";
import type { EngineProfile } from "../types";

/** Engines that predictions know, with the version of their newest published rows. */
const NEWEST_MEASURED = { vLLM: "0.15.1", SGLang: "0.4.6", "TensorRT-LLM": "1.0", NIM: "1.8" } as const;

/** vLLM composes the next batch while one runs by default since this version (--async-scheduling). */
const VLLM_ASYNCHRONOUS_SINCE = "0.14";

/** True when the name is an engine that predictions know. */
export function isEngineName(name: string): name is EngineProfile["name"] {
  return name in NEWEST_MEASURED;
}

/**
 * What the simulation needs to know of an engine. vLLM keeps two batches in flight since 0.14; the published closed-loop
 * runs of 0.10 switched that on in their recipe, so it is the default there too (`asynchronous`). TensorRT-LLM and NIM
 * reserve the KV cache of prompt and output when they admit a request, and never preempt.
 */
export function engineProfile(
  name: EngineProfile["name"],
  details: { readonly version?: string; readonly asynchronous?: boolean } = {},
): EngineProfile {
  const version = details.version ?? NEWEST_MEASURED[name];
  const reservesOutput = name === "TensorRT-LLM" || name === "NIM";
  const asynchronous =
    details.asynchronous ?? (name !== "vLLM" || compareVersions(version, VLLM_ASYNCHRONOUS_SINCE) >= 0);
  return { name, version, batchesInFlight: name !== "NIM" && asynchronous ? 2 : 1, reservesOutput };
}
