import type { Candidate, Plan } from "../../strategy";
import { sameStrategy, strategyLabel } from "../../strategy";
import { count, percent, withUnit } from "../format-number";
import type { Block, Cell, Section } from "../report-document";
import { cannotRun } from "./cannot-run";
import { chunkChoice } from "./chunk-choice";
import { cell } from "./fact";

/** Why this strategy: what bounds it, what it saves, and what the best other one would do instead. */
export function rationaleSection(plan: Plan): Section {
  const items = cannotRun(plan)
    ? runnerUp(plan)
    : [...bound(plan), ...division(plan), ...link(plan), ...chunkChoice(plan), ...runnerUp(plan)];
  const list: Block = { kind: "list", items };
  return { id: "rationale", title: "Why this strategy", blocks: [list] };
}

function bound({ chosen }: Plan): readonly Cell[] {
  return chosen.bottleneck === undefined
    ? []
    : [cell(`What bounds it is that ${chosen.bottleneck.sentence}.`)];
}

function division({ strategy, memoryPerGpu, balance }: Plan): readonly Cell[] {
  const kv = `The weights leave room for ${count(memoryPerGpu.kvCacheTokens)} tokens of KV cache in each replica.`;
  const stages =
    strategy.pipelineParallel === 1
      ? "There is one pipeline stage, so no GPU waits for another stage."
      : `The ${strategy.pipelineParallel} pipeline stages stand idle for ${percent(balance.bubbleShare)} of their time, because each waits for the one before it.`;
  return [cell(kv), cell(stages)];
}

function link({ strategy, deployment, instance, communication, gpu }: Plan): readonly Cell[] {
  if (strategy.tensorParallel === 1)
    return [cell("Inside a layer nothing is communicated, because each layer lies on one GPU.")];
  const within = strategy.tensorParallel <= instance.gpus;
  const path = gpu.nvlinkBytesPerSecond === undefined ? "PCIe" : "NVLink";
  const where = within
    ? `stays inside a host and goes over ${path}`
    : `crosses hosts and goes over ${deployment.hardware.network.toUpperCase()}`;
  return [
    cell(`Communication ${where}. It takes ${percent(communication.decodeStepShare)} of a decode step.`),
  ];
}

/** The fastest and the most capable of the others that meet every requirement, or that none does. */
function runnerUp(plan: Plan): readonly Cell[] {
  const others = plan.candidates.filter(
    (candidate) => candidate.meetsSlo && !sameStrategy(candidate.strategy, plan.strategy),
  );
  if (others.length === 0) {
    const searched = plan.candidates.some(({ isRuledOut }) => isRuledOut) ? " that was searched" : "";
    return [cell(`No other strategy${searched} meets every requirement on this hardware.`)];
  }
  const fastest = most(others, ({ tokensPerSecondPerUser }) => tokensPerSecondPerUser);
  const widest = most(others, ({ throughput }) => throughput?.highestRequestRate);
  const many = others.length === 1 ? "One other strategy meets" : `${others.length} other strategies meet`;
  return [
    cell(`${many} every requirement.${ruledOutText(plan)}`),
    cell(`The fastest per user among them is ${comparison(plan, fastest)}.`),
    ...(widest === fastest ? [] : [cell(`The one with the highest rate is ${comparison(plan, widest)}.`)]),
  ];
}

/** What is not known of the others, where some were not searched. */
function ruledOutText({ candidates }: Plan): string {
  const count = candidates.filter(({ isRuledOut }) => isRuledOut).length;
  return count === 0 ? "" : ` ${count} more cannot be the best and were not searched in full.`;
}

function most(candidates: readonly Candidate[], of: (candidate: Candidate) => number | undefined): Candidate {
  return candidates.reduce((best, candidate) => ((of(candidate) ?? 0) > (of(best) ?? 0) ? candidate : best));
}

function comparison(plan: Plan, other: Candidate): string {
  const figures: readonly (readonly [string, (candidate: Candidate) => number | undefined, string])[] = [
    ["", ({ tokensPerSecondPerUser }) => tokensPerSecondPerUser, "tokens/s per user"],
    ["up to ", ({ throughput }) => throughput?.highestRequestRate, "requests/s"],
    ["decode p99 ", ({ latency }) => latency?.decode.p99Ms, "ms"],
  ];
  const parts = figures.flatMap(([before, of, unit]) => {
    const [value, here] = [of(other), of(plan.chosen)];
    if (value === undefined) return [];
    const aside = here === undefined ? "" : ` (here ${withUnit(here, unit)})`;
    return [`${before}${withUnit(value, unit)}${aside}`];
  });
  return `${strategyLabel(other.strategy)} with ${parts.join(", ")}`;
}
