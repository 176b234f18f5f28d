import type { DecodeGroup } from "./decode-group";
import type { Holdings } from "./holdings";
import type { Recorder } from "./recorder";
import type { ReplicaLimits } from "./replica-context";
import type { RunningList } from "./running-list";
import type { Sequence } from "./sequence";

/** What a sequence that leaves the replica's running ones is taken out of. */
export interface Places {
  readonly groups: readonly DecodeGroup[];
  readonly running: RunningList;
  readonly holdings: Holdings;
  readonly limits: ReplicaLimits;
  readonly recorder: Recorder;
}

/** Frees what a sequence holds whose last token is out. */
export function finish(sequence: Sequence, { groups, running, holdings, limits }: Places): void {
  if (!sequence.isFinishing) return; // preempted while its last token was in flight
  sequence.isFinishing = false;
  if (limits.endsByToken) {
    const group = groups[sequence.slot];
    group.leave(sequence);
    group.ending--;
    if (!limits.reservesOutput) holdings.count(sequence, group.heldTokensOf(sequence));
  }
  holdings.release(sequence, sequence.promptTokens + sequence.remainingTokens - 1, false);
  running.remove(sequence);
}

/**
 * Takes the blocks of a running sequence away: its prompt and its tokens so far are recomputed. False when the token in
 * flight is its last, so that it does not come back.
 */
export function preempt(sequence: Sequence, places: Places): boolean {
  places.recorder.preemptions++;
  if (sequence.isFinishing) {
    finish(sequence, places);
    return false;
  }
  const { running, holdings } = places;
  const isPartial = sequence === running.partial;
  if (isPartial) running.partial = undefined;
  const computed = isPartial ? sequence.computedTokens : dropDecoding(sequence, places);
  holdings.release(sequence, computed, true);
  running.remove(sequence);
  sequence.computedTokens = 0;
  return true;
}

/** Takes a decoding sequence out of its group; its tokens become part of the prompt. Returns its tokens in the cache. */
function dropDecoding(sequence: Sequence, { groups, holdings, limits }: Places): number {
  const group = groups[sequence.slot];
  const { promptTokens: prompt } = sequence;
  const decodes = group.tokensOf(sequence) - prompt;
  const { isInFlight } = group;
  holdings.count(sequence, group.heldTokensOf(sequence));
  group.unlink(sequence);
  group.leave(sequence);
  sequence.drawn += group.counter - sequence.firstDecode;
  sequence.staleUntil = -1;
  if (!isInFlight) keepTokens(sequence, decodes + 1, group.endedMs);
  else if (limits.rules.keepsTokensInFlight) {
    sequence.staleUntil = group.lastBatch;
    keepTokens(sequence, decodes + 1, decodes > 0 ? group.lastEndMs : Number.NaN);
  } else loseTokenInFlight(sequence, decodes, group);
  return decodes > 0 && isInFlight ? prompt + decodes - 1 : prompt + decodes;
}

/** Tokens that are out, or will be, become part of the prompt to recompute. */
function keepTokens(sequence: Sequence, tokens: number, lastMs: number): void {
  sequence.promptTokens += tokens;
  sequence.remainingTokens -= tokens;
  if (!Number.isNaN(lastMs)) sequence.lastTokenMs = lastMs;
}

/** Older versions discard what comes back for a request that was preempted meanwhile. */
function loseTokenInFlight(sequence: Sequence, decodes: number, group: DecodeGroup): void {
  sequence.epoch++;
  if (decodes === 0) return;
  group.lost++;
  keepTokens(sequence, decodes, group.endedMs);
}
