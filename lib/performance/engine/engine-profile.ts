import type { EngineProfile } from "../types";
import { hasChange } from "./version-changes";

/** Engines that predictions know, with the version of their newest published rows. */
const NEWEST_MEASURED = { vLLM: "0.15.1", SGLang: "0.4.6", "TensorRT-LLM": "1.0", NIM: "1.8" } as const;

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
 * What the simulation needs to know of an engine. vLLM keeps two batches in flight where asynchronous scheduling is on by
 * default; the published closed-loop runs of older versions switched it on in their recipe (`asynchronous`). TensorRT-LLM and NIM
 * reserve the KV cache of prompt and output when they admit a request, and never preempt.
 */
export function engineProfile(
  name: EngineProfile["name"],
  details: { readonly version?: string; readonly asynchronous?: boolean } = {},
): EngineProfile {
  const version = details.version ?? NEWEST_MEASURED[name];
  const reservesOutput = name === "TensorRT-LLM" || name === "NIM";
  const asynchronous =
    details.asynchronous ?? (name !== "vLLM" || hasChange({ name, version }, "asynchronousByDefault"));
  return { name, version, batchesInFlight: name !== "NIM" && asynchronous ? 2 : 1, reservesOutput };
}

/** NIM and TensorRT-LLM before its PyTorch runtime. */
export function hasOldRuntime(engine: EngineProfile): boolean {
  return engine.name === "NIM" || (engine.name === "TensorRT-LLM" && !hasChange(engine, "pytorchRuntime"));
}
