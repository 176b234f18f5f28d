import type { Candidate, Plan } from "../../strategy";
import { busiestMinute } from "../busiest-minute";
import { overloadOf } from "../overload";
import type { ReportDetails } from "../report-options";

/** JSON value: what a stored plan consists of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const candidateJson = (candidate: Candidate) => ({
  strategy: candidate.strategy,
  feasible: candidate.feasible,
  meetsSlo: candidate.meetsSlo,
  isRuledOut: candidate.isRuledOut,
  reasons: candidate.reasons,
  bottleneck: candidate.bottleneck,
  violations: candidate.violations,
  serving: candidate.serving,
  latency: candidate.latency,
  throughput: candidate.throughput,
  memory: candidate.memory,
  communication: candidate.communication,
  balance: candidate.balance,
  tokensPerSecondPerUser: candidate.tokensPerSecondPerUser,
  costUsdPerMillionOutputTokens: candidate.costUsdPerMillionOutputTokens,
});

/** The timeline of a long simulation would be most of the JSON: its busiest minute, as the report plots it, stays. */
const simulationJson = ({ simulation }: Plan) =>
  simulation === undefined ? null : { ...simulation, timeline: busiestMinute(simulation.timeline) };

/** The commands of the plan, as the host runs them. */
export interface PlanCommands {
  /** Arguments after `vllm serve`. */
  readonly vllmArgs: readonly string[];
  /** Null with the multiprocessing executor. */
  readonly rayHead: string | null;
  /** Null on a single host. */
  readonly rayWorker: string | null;
}

/** What the JSON of a plan holds, before it is JSON. */
export function planObject(plan: Plan, commands: PlanCommands, details: ReportDetails = {}) {
  const { deployment } = plan;
  // A tensor list of every layer would be longer than all else; the figures derived from it stand in memoryPerGpu.
  const { tensors: _, ...model } = plan.model;
  return {
    schemaVersion: plan.schemaVersion,
    model: {
      ...model,
      precision: deployment.model.precision,
      kvCacheDtype: deployment.model.kvCacheDtype,
      revision: deployment.model.revision,
    },
    hardware: { nodes: deployment.hardware.nodes, instance: plan.instance, gpu: plan.gpu },
    workload: deployment.workload,
    slo: deployment.slo,
    envelope: deployment.envelope,
    objective: plan.objective,
    strategy: plan.strategy,
    pinned: plan.pinned,
    recommendation: plan.recommendation,
    candidates: plan.candidates.map(candidateJson),
    moduleDivision: plan.moduleDivision,
    memoryPerGpu: plan.memoryPerGpu,
    latency: plan.latency,
    throughput: plan.throughput,
    overload: overloadOf(plan) ?? null,
    communication: plan.communication,
    balance: plan.balance,
    steps: plan.steps,
    simulation: simulationJson(plan),
    checks: plan.checks,
    violations: plan.violations,
    cost: plan.cost,
    serving: { ...plan.serving, ...commands },
    loadCurve: details.loadCurve,
    sensitivity: details.sensitivity,
    remedies: details.remedies,
    provenance: plan.provenance,
  };
}

/**
 * The plan as the object that `--format json` prints. Its keys are a contract: a key may be added, none renamed or
 * removed without a new `schemaVersion`. Details that were not computed are left out. What is not a finite number (nothing observed, no bound) is null.
 */
export function planJson(
  plan: Plan,
  commands: PlanCommands,
  details: ReportDetails = {},
): { readonly [key: string]: Json } {
  const json: { readonly [key: string]: Json } = JSON.parse(
    JSON.stringify(planObject(plan, commands, details)),
  );
  return json;
}
