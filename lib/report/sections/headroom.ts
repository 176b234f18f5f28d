import { isRateDriven, type Plan, type PlanLatency } from "../../strategy";
import { bytes, count, milliseconds, points, significant } from "../format-number";
import { overloadOf } from "../overload";
import type { Fact, Section } from "../report-document";
import { cannotRun, emptySection } from "./cannot-run";
import { fact } from "./fact";

/** How much more the plan could take before a requirement fails. */
export function headroomSection(plan: Plan): Section {
  if (cannotRun(plan)) return emptySection("headroom", "Operational headroom");
  const { memoryPerGpu: memory, deployment } = plan;
  const spareBytes = memory.usableBytes - memory.demandBytes;
  const facts: readonly Fact[] = [
    fact("Memory per GPU that the workload leaves unused", bytes(spareBytes), "memoryPerGpu.demandBytes", {
      note: "for longer prompts, bursts, or more sequences at once",
    }),
    fact(
      "Memory demand below its limit",
      points(deployment.envelope.maxMemoryFraction - memory.demandFraction),
      "memoryPerGpu.demandFraction",
    ),
    fact(
      "Longest requests the KV cache holds at once",
      significant(memory.kvCacheTokens / plan.serving.maxModelLen),
      "memoryPerGpu.kvCacheTokens",
      { note: `of ${count(plan.serving.maxModelLen)} tokens each, per replica` },
    ),
    ...trafficHeadroom(plan),
    ...(overloadOf(plan) === undefined ? latencyMargins(plan) : []),
  ];
  return { id: "headroom", title: "Operational headroom", blocks: [{ kind: "facts", facts }] };
}

function trafficHeadroom(plan: Plan): readonly Fact[] {
  if (!isRateDriven(plan)) return [];
  const { sustainableRequestRate, requestRate } = plan.throughput;
  const times = `${significant(sustainableRequestRate / requestRate)} x the requested rate`;
  return [fact("Traffic before a target fails", times, "throughput.sustainableRequestRate")];
}

const QUANTITIES: readonly (readonly [keyof PlanLatency, string])[] = [
  ["prefill", "Prefill p99"],
  ["firstToken", "First token p99"],
  ["decode", "Decode p99"],
];

function latencyMargins(plan: Plan): readonly Fact[] {
  return QUANTITIES.map(([quantity, label]) => {
    const target = plan.deployment.slo[quantity].p99Ms;
    const { p99Ms, p99HighMs } = plan.latency[quantity];
    const margin = target - p99Ms;
    return fact(`${label} below its target`, milliseconds(margin), `latency.${quantity}.p99Ms`, {
      band: `at worst ${milliseconds(target - p99HighMs)}`,
    });
  });
}
