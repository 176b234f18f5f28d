import type { Strategy } from "../types";

/** A strategy in the field's shorthand: `TP8`, `TP4 PP2`, `TP4 x2` (two replicas), `TP4 EP4 SP4 x2`. */
export function strategyLabel(strategy: Strategy): string {
  const parts = [`TP${strategy.tensorParallel}`];
  if (strategy.pipelineParallel > 1) parts.push(`PP${strategy.pipelineParallel}`);
  if (strategy.expertParallel > 1) parts.push(`EP${strategy.expertParallel}`);
  if (strategy.sequenceParallel > 1) parts.push(`SP${strategy.sequenceParallel}`);
  if (strategy.dataParallel > 1) parts.push(`x${strategy.dataParallel}`);
  return parts.join(" ");
}

/** Two strategies with the same degrees. */
export function sameStrategy(a: Strategy, b: Strategy): boolean {
  return (
    a.tensorParallel === b.tensorParallel &&
    a.pipelineParallel === b.pipelineParallel &&
    a.dataParallel === b.dataParallel &&
    a.expertParallel === b.expertParallel &&
    a.sequenceParallel === b.sequenceParallel
  );
}
