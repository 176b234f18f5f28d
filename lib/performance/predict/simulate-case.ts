import { type CalibratedConstants, calibrated } from "../calibration/calibrated";
import { createLatencyModel } from "../calibration/create-latency-model";
import { simulate } from "../simulation/simulate";
import { defaultCudaGraphs } from "../step/cuda-graph-padding";
import type { LatencyModel, SimulationResult, TrafficInput } from "../types";
import { affordableRequests, runningSequences, sequencesThatFit } from "./case-effort";
import { type CaseSetup, caseTraffic } from "./case-setup";

/** Requests over all seeds that a mean needs to be steady within 1 %: closed sweeps at low concurrency have only 40. */
const ENOUGH_REQUESTS = 400;
const MAX_SEEDS = 8;

/** Nodes of eight GPUs with 400 Gbit/s for each: a row says nothing of its network, and one node does not touch it. */
const NODES = { gpusPerNode: 8, network: { bytesPerSecondPerGpu: 50e9, latencyUs: 25 } } as const;

/** Latency model of a case. */
export function caseLatency(setup: CaseSetup, constants: CalibratedConstants = calibrated): LatencyModel {
  const { model, gpu, engine, precision, formats, expertParallel, expertReplicas, kvCacheDtype, row } = setup;
  return createLatencyModel(
    {
      model,
      gpu,
      engine,
      precision,
      ...(formats === undefined ? {} : { formats }),
      kvCacheDtype,
      tensorParallel: row.tp,
      pipelineParallel: row.pp,
      expertParallel,
      expertReplicas,
      sequenceParallel: 1,
      ...NODES,
    },
    constants,
    defaultCudaGraphs(gpu, setup.scheduler),
  );
}

/** Runs of the case with as many seeds as its number of requests asks for. */
export function simulateCase(
  setup: CaseSetup,
  latency: LatencyModel,
  constants: CalibratedConstants = calibrated,
): readonly SimulationResult[] {
  const affordable = affordableRequests(setup, runningSequences(setup, latency)) / setup.requests;
  const wanted = Math.min(MAX_SEEDS, Math.ceil(ENOUGH_REQUESTS / setup.requests));
  const seeds = Math.max(1, Math.min(wanted, Math.floor(affordable)));
  return Array.from({ length: seeds }, (_, seed) =>
    simulate(
      {
        latency,
        engine: setup.engine,
        traffic: caseTraffic(setup, seed + 1),
        scheduler: setup.scheduler,
        replicas: setup.row.dp,
        balancer: "round-robin",
        stepsTogether: setup.expertReplicas > 1,
      },
      { hostTimes: constants },
    ),
  );
}

/**
 * The request rate that the replicas can serve: completions per second while requests always wait, after the first
 * completion and before the queue runs empty. An engine that admits more than its cache holds wastes work on
 * preemptions once its queue is full; arrivals that never fill it are served faster, as many clients as fit are.
 */
export function capacity(setup: CaseSetup, latency: LatencyModel): number {
  const replicas = setup.expertReplicas;
  const concurrency = sequencesThatFit(setup) * replicas;
  const requests = Math.max(
    1,
    Math.min(Math.max(500, 6 * concurrency), affordableRequests(setup, concurrency)),
  );
  const rateUnder = (arrivals: TrafficInput["arrivals"]): number =>
    simulate({
      latency,
      engine: setup.engine,
      traffic: { ...caseTraffic({ ...setup, requests }, 1), arrivals, coldStartRequests: 0 },
      scheduler: setup.scheduler,
      replicas,
      balancer: "round-robin",
      stepsTogether: replicas > 1,
    }).steady.requestsPerSecond;
  const full = rateUnder({ kind: "offline" });
  const preempts = concurrency < setup.scheduler.maxNumSeqs * replicas && !setup.engine.reservesOutput;
  const fitting = preempts ? rateUnder({ kind: "closed", concurrency }) : 0;
  return (Math.max(full, fitting) * setup.row.dp) / replicas;
}
