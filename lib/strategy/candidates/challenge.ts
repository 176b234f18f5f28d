import type { Replica } from "../replica/replica";
import { saturatedRateByHand } from "../replica/saturated-rate";
import { EFFORT } from "../replica/simulation-effort";
import { missesAtAnyRate } from "../requirements/assess";
import type { Situation } from "../situation";
import type { Prepared } from "./prepare-candidate";
import { tryRate, utilizationCeiling } from "./sustained-rate";
import { guess, isCostlyToSimulate, LOOK_AHEAD, score } from "./tune-serving";

/** What a strategy has to do better than: the mean request at the requested rate in ms, or a rate within the requirements. */
export type Mark =
  | { readonly kind: "request"; readonly ms: number }
  | { readonly kind: "rate"; readonly rate: number };

/** A trial this much worse than the mark is worse in a longer look too, and one that misses a requirement by this much misses it. */
export const CLEARLY = { slower: 1.05, lower: 0.95, misses: 1.15 } as const;
/** A saturated rate by hand may be this much too low. */
const BY_HAND_LOW = 1.15;

/**
 * A first setting whose mean request is this many times the mark has no neighbour that reaches it: over 80 strategies of five
 * models the first was up to 1.52 times the best of all, 1.28 times the best that passes.
 */
const FAR = 1.5;
/** Beside a setting that is farther off than this, one neighbour on each side tells the direction. */
const NEAR = 1.5;

/** How a setting does against a mark: whether it may reach it, and how far it is from it, to walk towards what is nearer. */
interface Standing {
  readonly mayReach: boolean;
  /** No other setting does either. */
  readonly isFar: boolean;
  readonly distance: number;
}

function standing(situation: Situation, replica: Replica, mark: Mark): Standing {
  if (mark.kind === "request") {
    const { ms, pressure, rank } = score(situation, replica);
    const isOut = ms > CLEARLY.slower * mark.ms || pressure > CLEARLY.misses;
    const isFar = Number.isFinite(ms) && ms > FAR * mark.ms;
    return { mayReach: !isOut, isFar, distance: rank };
  }
  const rate = CLEARLY.lower * mark.rate;
  const most = utilizationCeiling(situation, BY_HAND_LOW * saturatedRateByHand(situation, replica));
  if (most < rate || missesAtAnyRate(situation, replica)) {
    return { mayReach: false, isFar: false, distance: Number.POSITIVE_INFINITY };
  }
  const load = { rate, saturated: Number.POSITIVE_INFINITY, effort: EFFORT.challenge };
  const { value } = tryRate(situation, replica, load);
  return { mayReach: value <= 1, isFar: false, distance: value };
}

/**
 * Settings of a strategy that may reach a mark, by short runs of those around the one that a search would begin with: it
 * walks on while settings come nearer. What is too dear to try may reach anything.
 */
export function* settingsThatMayReach(
  situation: Situation,
  { fitting }: Prepared,
  mark: Mark,
): Generator<Replica> {
  for (const replicas of fitting) yield* walk(situation, replicas, mark);
}

function* walk(situation: Situation, replicas: readonly Replica[], mark: Mark): Generator<Replica> {
  const start = guess(situation, replicas);
  const first = replicas[start];
  if (first === undefined) return;
  if (isCostlyToSimulate(situation, first)) {
    yield first;
    return;
  }
  const own = standing(situation, first, mark);
  if (own.mayReach) yield first;
  else if (own.isFar) return;
  const patience = mark.kind === "rate" && own.distance > NEAR ? 1 : LOOK_AHEAD;
  for (const direction of [-1, 1]) {
    let nearest = own.distance;
    let missed = 0;
    for (let at = start + direction; missed < patience; at += direction) {
      const replica = replicas[at];
      if (replica === undefined) break;
      const next = standing(situation, replica, mark);
      if (next.mayReach) yield replica;
      if (next.distance < nearest) [nearest, missed] = [next.distance, 0];
      else missed++;
    }
  }
}

/** Whether a strategy may reach a mark with some setting: the first that may ends the question. */
export const mayReach = (situation: Situation, prepared: Prepared, mark: Mark): boolean =>
  settingsThatMayReach(situation, prepared, mark).next().done !== true;
