import type { Candidate, Plan } from "../../strategy";
import { sameStrategy, strategyLabel } from "../../strategy";
import { count, milliseconds, percent, significant } from "../format-number";
import type { Block, Cell, Section } from "../report-document";
import { cell } from "./fact";

/** Why this strategy: what bounds it, what it saves, and what the best other one would do instead. */
export function rationaleSection(plan: Plan): Section {
  const items = [...bound(plan), ...division(plan), ...link(plan), ...runnerUp(plan)];
  const list: Block = { kind: "list", items };
  return { id: "rationale", title: "Why this strategy", blocks: [list] };
}

function bound({ chosen }: Plan): readonly Cell[] {
  return chosen.bottleneck === undefined ? [] : [cell(`What bounds it: ${chosen.bottleneck.sentence}.`)];
}

function division({ strategy, memoryPerGpu, balance }: Plan): readonly Cell[] {
  const fits = memoryPerGpu.kvCacheBytes > 0;
  const kv = fits
    ? `weights leave room for ${count(memoryPerGpu.kvCacheTokens)} tokens of KV cache per replica`
    : "weights leave no room for a KV cache";
  const stages =
    strategy.pipelineParallel === 1
      ? "one stage, so no GPU waits for another stage"
      : `${strategy.pipelineParallel} stages, ${percent(balance.bubbleShare)} of stage time lost to bubbles`;
  return [cell(`Memory: ${kv}.`), cell(`Pipeline: ${stages}.`)];
}

function link({ strategy, deployment, instance, communication, gpu }: Plan): readonly Cell[] {
  if (strategy.tensorParallel === 1)
    return [cell("Communication: none inside a layer, each layer lies on one GPU.")];
  const within = strategy.tensorParallel <= instance.gpus;
  const path = gpu.nvlinkBytesPerSecond === undefined ? "PCIe" : "NVLink";
  const where = within
    ? `stays inside a host, over ${path}`
    : `crosses hosts, over ${deployment.hardware.network.toUpperCase()}`;
  return [
    cell(`Communication: ${where}; it takes ${percent(communication.decodeStepShare)} of a decode step.`),
  ];
}

/** The best of the others that meets every requirement, or says that none does. */
function runnerUp(plan: Plan): readonly Cell[] {
  const others = plan.candidates.filter(
    (candidate) => candidate.meetsSlo && !sameStrategy(candidate.strategy, plan.strategy),
  );
  const [best] = others;
  if (best === undefined) return [cell("No other strategy meets every requirement on this hardware.")];
  const count = others.length === 1 ? "One other strategy meets" : `${others.length} other strategies meet`;
  return [cell(`${count} every requirement too. The next best: ${comparison(plan, best)}.`)];
}

function comparison(plan: Plan, other: Candidate): string {
  const decode = other.latency?.decode.p99Ms;
  const firstToken = other.latency?.firstToken.p99Ms;
  const rate = other.throughput?.sustainableRequestRate;
  const parts = [
    ...(decode === undefined
      ? []
      : [`decode p99 ${milliseconds(decode)} (here ${milliseconds(plan.latency.decode.p99Ms)})`]),
    ...(firstToken === undefined
      ? []
      : [
          `first token p99 ${milliseconds(firstToken)} (here ${milliseconds(plan.latency.firstToken.p99Ms)})`,
        ]),
    ...(rate === undefined
      ? []
      : [
          `up to ${significant(rate)} requests/s (here ${significant(plan.throughput.sustainableRequestRate)})`,
        ]),
  ];
  return `${strategyLabel(other.strategy)} with ${parts.join(", ")}`;
}
