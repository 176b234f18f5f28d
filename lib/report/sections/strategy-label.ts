import type { Strategy } from "../../strategy";

/** A strategy as tables name it: "TP 8", "TP 4 x DP 2", "TP 4 x PP 2 SP". Degrees of 1 are left out, TP always stays. */
export function strategyLabel(strategy: Strategy): string {
  const degrees = [
    `TP ${strategy.tensorParallel}`,
    ...(strategy.pipelineParallel > 1 ? [`PP ${strategy.pipelineParallel}`] : []),
    ...(strategy.dataParallel > 1 ? [`DP ${strategy.dataParallel}`] : []),
    ...(strategy.expertParallel > 1 ? [`EP ${strategy.expertParallel}`] : []),
  ];
  return `${degrees.join(" x ")}${strategy.sequenceParallel > 1 ? " SP" : ""}`;
}

/** True when all five degrees agree. */
export function sameStrategy(a: Strategy, b: Strategy): boolean {
  return (
    a.tensorParallel === b.tensorParallel &&
    a.pipelineParallel === b.pipelineParallel &&
    a.dataParallel === b.dataParallel &&
    a.expertParallel === b.expertParallel &&
    a.sequenceParallel === b.sequenceParallel
  );
}
