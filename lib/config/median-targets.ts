import type { Override } from "./overrides";
import { deploymentSchema } from "./schema";
import { childValue } from "./schema-node";

const { slo: DEFAULTS } = deploymentSchema.parse({});

/**
 * A deployment as it was written, in which a tighter target for the 99th percentile takes the median's target along where
 * that was left as it stood: the default, or the stack file's where an override tightens the other. A median is never above
 * the 99th percentile, so that the looser target would say nothing.
 */
export function withMedianTargets(input: unknown, overrides: readonly Override[]): unknown {
  const slo = childValue(input, "slo");
  if (typeof input !== "object" || typeof slo !== "object" || slo === null) return input;
  const lowered = Object.entries(DEFAULTS).flatMap(([key, defaults]) => {
    const target = childValue(slo, key);
    const p99Ms = childValue(target, "p99Ms");
    const p50Ms = childValue(target, "p50Ms") ?? defaults.p50Ms;
    const isTyped = (name: string) => overrides.some(({ path }) => covers(path, ["slo", key, name]));
    const isLeft = childValue(target, "p50Ms") === undefined || (isTyped("p99Ms") && !isTyped("p50Ms"));
    const isAbove = typeof p99Ms === "number" && p99Ms > 0 && typeof p50Ms === "number" && p50Ms > p99Ms;
    return typeof target === "object" && isLeft && isAbove ? [[key, { ...target, p50Ms: p99Ms }]] : [];
  });
  return lowered.length === 0 ? input : { ...input, slo: { ...slo, ...Object.fromEntries(lowered) } };
}

const covers = (set: Override["path"], path: Override["path"]): boolean =>
  set.every((segment, i) => segment === path[i]);
