import assert from "node:assert/strict";
import fc from "fast-check";
import { Fleet } from "../../../../lib/performance/simulation/fleet";
import { Recorder } from "../../../../lib/performance/simulation/recorder";
import { replicaLimits } from "../../../../lib/performance/simulation/replica-limits";
import { createRequestTable } from "../../../../lib/performance/simulation/request-table";
import type { Sequence } from "../../../../lib/performance/simulation/sequence";
import { simulationInput } from "./simulation-input";

/** What one look of the scheduler did: rows of the running requests, first admitted first, before and after. */
interface Look {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly preempted: number;
}

function rowsOf(last: Sequence | undefined): number[] {
  const rows: number[] = [];
  for (let one = last; one !== undefined; one = one.previousAdmitted) rows.unshift(one.row);
  return rows;
}

/** Every look at one starved replica with one batch in flight; requests that ended meanwhile are left out of `before`. */
function looks(seed: number, blocks: number): Look[] {
  const input = simulationInput({
    scheduler: { maxNumSeqs: 12, maxNumBatchedTokens: 48, kvCacheTokens: blocks * 16, prefixCaching: false },
    traffic: {
      arrivals: { kind: "poisson", requestRate: 40 },
      promptTokens: { kind: "uniform", min: 5, max: 80 },
      outputTokens: { kind: "uniform", min: 2, max: 60 },
      requests: 60,
      seed,
    },
  });
  const requests = createRequestTable(input.traffic);
  const limits = replicaLimits(input, requests);
  const recorder = new Recorder(limits.maxSequences);
  const seen: Look[] = [];
  let [before, preempted]: [readonly number[], number] = [[], 0];
  const fleet: Fleet = new Fleet({
    input,
    limits,
    requests,
    recorder,
    hostTimes: { requestInMs: 0, turnaroundMs: 0 },
    onTime: () => {
      // biome-ignore lint/complexity/useLiteralKeys: the list is the replica's own; only so may a test look at it
      const after = rowsOf(fleet.replicas[0]?.["list"].last);
      const isOut = (row: number) => !Number.isNaN(requests.doneMs[row] ?? Number.NaN);
      const stayed = before.filter((row) => !isOut(row));
      seen.push({ before: stayed, after, preempted: recorder.preemptions - preempted });
      [before, preempted] = [after, recorder.preemptions];
      return false;
    },
  });
  fleet.run();
  return seen;
}

const starved = (check: (all: readonly Look[]) => void): void => {
  let preemptions = 0;
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 12, max: 30 }), (seed, blocks) => {
      const all = looks(seed, blocks);
      preemptions += all.filter(({ preempted }) => preempted > 0).length;
      check(all);
    }),
    { numRuns: 40, seed: 3 },
  );
  assert.ok(preemptions > 100, `${preemptions} preemptions were looked at`);
};

describe("preemption", () => {
  it("takes the blocks of the request that was admitted last, and of no other", () => {
    starved((all) => {
      for (const { before, after, preempted } of all) {
        if (preempted === 0) continue;
        const kept = before.slice(0, before.length - preempted);
        assert.deepEqual(after.slice(0, kept.length), kept, `${preempted} of ${before} preempted`);
        const gone = before.slice(kept.length).filter((row) => !after.includes(row));
        assert.equal(gone.length, preempted, `${before} became ${after}`);
      }
    });
  });

  it("admits nobody to the batch for which it preempted", () => {
    starved((all) => {
      for (const { before, after, preempted } of all) {
        if (preempted > 0) assert.equal(after.length, before.length - preempted, `${before} became ${after}`);
      }
    });
  });

  it("puts the request at the front: nobody who waited is admitted before it comes back", () => {
    starved((all) => {
      let waiting: readonly number[] = [];
      for (const { before, after, preempted } of all) {
        const admitted = after.filter((row) => !before.includes(row));
        const expected = waiting.slice(0, admitted.length);
        assert.deepEqual(admitted.slice(0, expected.length), expected, `${waiting} came before ${admitted}`);
        waiting = waiting.slice(admitted.length);
        if (preempted > 0) waiting = [...before.slice(before.length - preempted), ...waiting];
      }
    });
  });
});
