import type { Deployment } from "../../config";
import { sameStrategy } from "../figures/strategy-label";
import { expertDegrees } from "../requirements/expert-degrees";
import type { Situation } from "../situation";
import type { Strategy } from "../types";

/** All divisors of `n`, ascending; each below the root has its partner above. */
function divisors(n: number): number[] {
  const low: number[] = [];
  for (let d = 1; d * d <= n; d++) if (n % d === 0) low.push(d);
  return [...low, ...low.filter((d) => d * d !== n).map((d) => n / d)].sort((a, b) => a - b);
}

function makeStrategy(degrees: Omit<Strategy, "gpus">): Strategy {
  return { ...degrees, gpus: degrees.tensorParallel * degrees.pipelineParallel * degrees.dataParallel };
}

/** The degrees that the config pins; `auto` keys are absent. */
export function pinnedDegrees({ strategy }: Deployment): Partial<Omit<Strategy, "gpus">> {
  const { objective: _, ...degrees } = strategy;
  return Object.fromEntries(Object.entries(degrees).filter(([, degree]) => degree !== "auto"));
}

/** Does a strategy have every degree that the config pins? */
export function matchesPins(strategy: Strategy, deployment: Deployment): boolean {
  return Object.entries(pinnedDegrees(deployment)).every(([key, degree]) =>
    Object.entries(strategy).some(([own, value]) => own === key && value === degree),
  );
}

/**
 * The strategy that the pins ask for when no way to use every GPU matches them: what is open becomes 1.
 * It is planned as it stands, so that its violations can be named.
 */
function literalPins(deployment: Deployment): Strategy {
  const open = {
    tensorParallel: 1,
    pipelineParallel: 1,
    dataParallel: 1,
    expertParallel: 1,
    sequenceParallel: 1,
  };
  return makeStrategy({ ...open, ...pinnedDegrees(deployment) });
}

/**
 * Every strategy that uses all GPUs: TP x PP x DP over the divisors, with the EP degrees that vLLM knows and SP in
 * {1, TP}. Invalid ones (heads not divisible) are in the list: they get their reasons later.
 * A pin that none of them matches is appended as it stands.
 */
export function enumerateStrategies(situation: Situation): Strategy[] {
  const { gpus } = situation.hardware;
  const all = divisors(gpus).flatMap((tensorParallel) =>
    divisors(gpus / tensorParallel).flatMap((pipelineParallel) => {
      const dataParallel = gpus / tensorParallel / pipelineParallel;
      return expertDegrees(situation, { tensorParallel, dataParallel }).flatMap((expertParallel) =>
        (tensorParallel > 1 ? [1, tensorParallel] : [1]).map((sequenceParallel) =>
          makeStrategy({ tensorParallel, pipelineParallel, dataParallel, expertParallel, sequenceParallel }),
        ),
      );
    }),
  );
  if (all.some((strategy) => matchesPins(strategy, situation.deployment))) return all;
  const literal = literalPins(situation.deployment);
  return all.some((strategy) => sameStrategy(strategy, literal)) ? all : [...all, literal];
}
