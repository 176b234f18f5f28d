import { countIf, type RawConfig, refuseConfig } from "../families/config-reader";
import type { Stored } from "../families/tensor";

/** How a module is stored; undefined for what stays in BF16. */
export type Rule = (module: string) => Stored | undefined;

export function unknown(what: string): Error {
  return refuseConfig(
    `the checkpoint is quantised by ${what}, which cannot be planned yet`,
    "give another checkpoint of the model: fp8, w8a8, w4a16, AWQ, GPTQ, mxfp4 or nvfp4",
  );
}

/** A checkpoint that vLLM itself refuses to load; some older versions did, with weights that were not counted. */
export function notLoaded(what: string): Error {
  return refuseConfig(
    `the checkpoint is quantised by ${what}, which vLLM 0.33 does not load`,
    "give another checkpoint of the model",
  );
}

/** Values that share a scale along the inputs: a whole number, or all of them where it is -1. */
export function groupSize(config: RawConfig, keys: readonly string[]): number {
  const key = keys.find((name) => config[name] === -1);
  return key === undefined ? (countIf(config, keys) ?? 128) : Number.MAX_SAFE_INTEGER;
}
