/** Sections of the report in their order: what `shardplan plan SECTION` takes. */
export const SECTION_IDS = [
  "hardware",
  "model",
  "workload",
  "strategy",
  "module-division",
  "memory",
  "latency",
  "throughput",
  "communication",
  "balance",
  "deployment",
  "rationale",
  "alternatives",
  "verification",
  "headroom",
  "sensitivity",
  "cost",
  "time-to-ready",
  "monitoring",
] as const;

export type SectionId = (typeof SECTION_IDS)[number];
