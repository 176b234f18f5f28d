import { isRateDriven, type Plan } from "../../strategy";
import { busiestMinute, type Samples } from "../busiest-minute";
import { count, percent, rateText, significant } from "../format-number";
import { growthText, overloadOf, shortText } from "../overload";
import type { Block, Fact, Section, Table } from "../report-document";
import { cannotRun, emptySection } from "./cannot-run";
import { cell, fact } from "./fact";

/** What the plan serves, at the requested rate and at most. */
export function throughputSection(plan: Plan): Section {
  if (cannotRun(plan)) return emptySection("throughput", "Throughput envelope");
  const { throughput, deployment } = plan;
  const facts: readonly Fact[] = [
    ...rates(plan),
    fact(
      "Output, all GPUs",
      `${significant(throughput.outputTokensPerSecond, 4)} tokens/s`,
      "throughput.outputTokensPerSecond",
      outputNote(plan),
    ),
    fact(
      "Output per GPU",
      `${significant(throughput.outputTokensPerSecondPerGpu)} tokens/s`,
      "throughput.outputTokensPerSecondPerGpu",
    ),
    fact(
      "Sequences that a replica runs at once, 99 % of the time at most",
      count(throughput.maxBatchSize),
      "throughput.maxBatchSize",
      {
        note: `limit ${count(deployment.envelope.maxBatchSize)}`,
      },
    ),
    fact(
      "Most concurrent sequences",
      count(throughput.maxConcurrentSequences),
      "throughput.maxConcurrentSequences",
    ),
    fact("Most tokens in one step", count(throughput.maxBatchedTokens), "throughput.maxBatchedTokens"),
  ];
  return {
    id: "throughput",
    title: "Throughput envelope",
    blocks: [{ kind: "facts", facts }, ...timeline(plan)],
  };
}

/** What arrives is served as long as the queue does not grow; beyond that it is all that the GPUs give. */
function outputNote(plan: Plan): Partial<Fact> {
  if (!isRateDriven(plan)) return {};
  return {
    note:
      overloadOf(plan) === undefined
        ? "the arriving work, not the capacity"
        : "all that can be served, while the queue grows",
  };
}

function rates(plan: Plan): readonly Fact[] {
  const { requestRate, sustainableRequestRate, highestRequestRate, saturatedRequestRate } = plan.throughput;
  if (!isRateDriven(plan)) {
    return [fact("Served", rateText(requestRate), "throughput.requestRate")];
  }
  return [
    fact("Requested", rateText(requestRate), "throughput.requestRate"),
    fact(
      "Highest rate at which every requirement holds, with these flags",
      rateText(sustainableRequestRate),
      "throughput.sustainableRequestRate",
    ),
    fact(
      "The same with any serving parameters within the envelope",
      rateText(highestRequestRate),
      "throughput.highestRequestRate",
    ),
    fact(
      "Highest rate at all, whatever the latency",
      rateText(saturatedRequestRate),
      "throughput.saturatedRequestRate",
    ),
    ...excess(plan),
  ];
}

/** How far the load is beyond what can be served, and what that does to the queue. */
function excess(plan: Plan): readonly Fact[] {
  const overload = overloadOf(plan);
  if (overload === undefined) return [];
  return [
    fact("Short of the requested rate by", `${shortText(overload)} requests/s`),
    fact("The queue grows by", `${growthText(overload)} a minute`),
  ];
}

/** The minute of one of the runs in which the most requests ran: the picture of a busy minute, not of a quiet one. */
function timeline(plan: Plan): readonly Block[] {
  const all = plan.simulation?.timeline ?? [];
  const samples = busiestMinute(all);
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 2) return [];
  const most = Math.max(...samples.map(({ running }) => running));
  const waiting = Math.max(...samples.map((sample) => sample.waiting));
  const usage = Math.max(...samples.map(({ kvUsage }) => kvUsage));
  return [
    {
      kind: "plot",
      id: "busy-minute",
      title: "The busiest minute of one run",
      summary: `Seconds ${count(first.second)} to ${count(last.second)} of one of the simulation's runs: at most ${count(most)} requests running, ${count(waiting)} waiting, ${percent(usage)} of the KV cache in use.`,
      chart: { kind: "timeline", samples },
      table: timelineTable(samples),
    },
  ];
}

const timelineTable = (samples: Samples): Table => ({
  columns: [
    { title: "second", align: "right" },
    { title: "running", align: "right" },
    { title: "waiting", align: "right" },
    { title: "KV cache in use", align: "right" },
  ],
  rows: samples.map((sample) => [
    cell(count(sample.second)),
    cell(count(sample.running)),
    cell(count(sample.waiting)),
    cell(percent(sample.kvUsage)),
  ]),
});
