import type { EngineProfile } from "../types";
import { compareVersions } from "./compare-versions";

/** Engines that predictions know, with the version of their newest published rows. */
const NEWEST_MEASURED = { vLLM: "0.15.1", SGLang: "0.4.6", "TensorRT-LLM": "1.0", NIM: "1.8" } as const;

/** vLLM composes the next batch while one runs by default since this version (--async-scheduling). */
const VLLM_ASYNCHRONOUS_SINCE = "0.14";

/** Names of the engines that predictions know. */
export const ENGINE_NAMES = [
  "vLLM",
  "SGLang",
  "NIM",
  "TensorRT-LLM",
] as const satisfies EngineProfile["name"][];

/** The engine of a name in any case; undefined when predictions do not know it. */
export function engineName(name: string): EngineProfile["name"] | undefined {
  return ENGINE_NAMES.find((known) => known.toLowerCase() === name.trim().toLowerCase());
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
