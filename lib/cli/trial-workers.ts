import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { parentPort, Worker, workerData } from "node:worker_threads";
import type { Deployment } from "../config";
import {
  type Machines,
  type PlanOptions,
  readSituation,
  type Situation,
  type Trial,
  tryMachines,
} from "../strategy";
import { type Answer, answer, answeredValue } from "./thread-answer";

/** What every trial of a search is asked for: plain data, as a worker takes it. */
interface Asked {
  readonly deployment: Deployment;
  readonly configs: PlanOptions;
}

/** Machines to try, for traffic at a rate (requests per second). */
interface Task {
  readonly requestRate: number;
  readonly machines: Machines;
}

/** What a search of machines for traffic at a rate needs: who tries them, as many at once as there are lanes. */
interface Search {
  readonly situation: Situation;
  readonly lanes: number;
  readonly tries: (machines: Machines) => Promise<Trial>;
}

/** The search at each rate (requests per second). */
export type SearchAt = (requestRate: number) => Search;

/** Who tries machines, once for all rates. */
interface Trials {
  readonly lanes: number;
  at(requestRate: number, machines: Machines): Promise<Trial>;
  close(): void;
}

/** More workers than this wait for each other: trials are taken in the order of price. */
const MOST_WORKERS = 4;

/** Makes the situation of a question at each rate, once: what trials share is found by it. */
function situationsOf({ deployment, configs }: Asked): (requestRate: number) => Situation {
  const situation = readSituation(deployment, configs);
  const known = new Map<number, Situation>();
  return (requestRate) => {
    const workload = { ...situation.deployment.workload, requestRate };
    const asked = known.get(requestRate) ?? {
      ...situation,
      deployment: { ...situation.deployment, workload },
    };
    known.set(requestRate, asked);
    return asked;
  };
}

/** Searches with trials in other threads, which run the bundle; in this one where there is no bundle or only one core. */
export async function withTrials<T>(asked: Asked, search: (at: SearchAt) => Promise<T>): Promise<T> {
  const lanes = Math.min(availableParallelism(), MOST_WORKERS);
  const situationAt = situationsOf(asked);
  const trials =
    extname(__filename) === ".cjs" && lanes > 1 ? startWorkers(asked, lanes) : ownTrials(situationAt);
  try {
    return await search((requestRate) => ({
      situation: situationAt(requestRate),
      lanes: trials.lanes,
      tries: (machines) => trials.at(requestRate, machines),
    }));
  } finally {
    trials.close();
  }
}

function ownTrials(situationAt: (requestRate: number) => Situation): Trials {
  return {
    lanes: 1,
    at: async (rate, machines) => tryMachines(situationAt(rate), machines),
    close: () => {},
  };
}

interface Lane {
  readonly worker: Worker;
  /** GPUs of which it has tried machines: what their trials share is there. */
  readonly gpus: Set<string>;
  /** What it is busy with. */
  trial?: Promise<Trial>;
}

function startWorkers(asked: Asked, count: number): Trials {
  const lanes = Array.from({ length: count }, (): Lane => {
    return { worker: new Worker(__filename, { workerData: asked }), gpus: new Set() };
  });
  return {
    lanes: count,
    at: async (requestRate, machines) => {
      let lane = freeLane(lanes, machines.gpu);
      // The search of another rate, which has ended, may have left trials that it began ahead.
      while (lane === undefined) {
        await Promise.race(lanes.map(({ trial }) => trial?.catch(() => undefined)));
        lane = freeLane(lanes, machines.gpu);
      }
      const taken = lane;
      taken.gpus.add(machines.gpu);
      taken.trial = ask(taken.worker, { requestRate, machines }).finally(() => {
        delete taken.trial;
      });
      return taken.trial;
    },
    close: () => {
      for (const { worker } of lanes) void worker.terminate();
    },
  };
}

/** A lane without a trial, at best one that has tried machines of that GPU. */
function freeLane(lanes: readonly Lane[], gpu: string): Lane | undefined {
  const free = lanes.filter(({ trial }) => trial === undefined);
  const [emptiest] = free.sort((a, b) => a.gpus.size - b.gpus.size);
  return free.find(({ gpus }) => gpus.has(gpu)) ?? emptiest;
}

async function ask(worker: Worker, task: Task): Promise<Trial> {
  const given = await new Promise<Answer<Trial>>((resolve, reject) => {
    worker.removeAllListeners();
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.postMessage(task);
  });
  return answeredValue(given);
}

/** In a worker: answers what it is sent. */
export function serveTrials(): void {
  const at = situationsOf(workerData as Asked);
  parentPort?.on("message", ({ requestRate, machines }: Task) => {
    parentPort?.postMessage(answer(() => tryMachines(at(requestRate), machines)));
  });
}
