import { inBackticks } from "../config";
/** A word of the reports, the pages and the command line, and what it means there. */
export interface Word {
  readonly word: string;
  readonly meaning: string;
}

const word = (name: string, meaning: string): Word => ({ word: name, meaning });

/** The one list of words: `shardplan glossary`, docs/glossary.md and the page of a report show it. */
export const GLOSSARY: readonly Word[] = [
  word(
    "all-reduce",
    "The sum of a result over the GPUs of a tensor-parallel group, after attention and after the feed-forward of each layer.",
  ),
  word(
    "band",
    "The range in which a measured value lies in 80 of 100 cases, as far as published measurements say.",
  ),
  word(
    "chunked prefill",
    "A long prompt is read in several steps, so that decoding requests get their next token in between.",
  ),
  word("decode", "The making of tokens after the first, one for each running request in each step."),
  word(
    "demand",
    "Memory that the workload really needs. vLLM takes its whole share of a GPU whatever the demand.",
  ),
  word("DP", "Data parallelism: several replicas, each with a whole copy of the model."),
  word(
    "envelope",
    "Upper bounds for what vLLM may be set to: sequences at a time, tokens in a step, length of a request.",
  ),
  word("EP", "Expert parallelism: each GPU holds some experts of a mixture of experts, whole."),
  word(
    "gap",
    "The time between two tokens of one request, every one counted. Its percentiles are the decode latency.",
  ),
  word("goodput", "The highest rate of requests that are all answered within their targets."),
  word("held", "A requirement is held when the plan's value is within its limit."),
  word("ITL", "Inter-token latency: the gap, as vLLM's metric inter_token_latency_seconds measures it."),
  word("knee", "The rate up to which every target holds. Beyond it latencies grow fast."),
  word(
    "KV cache",
    "Keys and values of all tokens that running requests have read or made; it fills what the weights leave.",
  ),
  word(
    "max rate",
    "The highest rate of a strategy with the serving parameters that suit it best, not those of this plan.",
  ),
  word("MFU", "Model FLOPs utilisation: the share of a GPU's arithmetic that the model's own work takes."),
  word("node", "One machine with its GPUs."),
  word(
    "overloaded",
    "More arrives than is served, so the queue grows without end. Such a plan has no latency.",
  ),
  word(
    "PP",
    "Pipeline parallelism: each stage holds some of the layers, and tokens pass through the stages in turn.",
  ),
  word(
    "preemption",
    "A running request loses its cache, because others need the room, and is read again later.",
  ),
  word("prefill", "The reading of a prompt, up to its first token."),
  word("replica", "GPUs that hold the model once and serve requests by themselves."),
  word("roofline", "What a kernel takes at least: its arithmetic or its bytes, whichever is slower."),
  word("shard", "The part of the weights that one GPU holds."),
  word("SLO", "Service level objective: a target, such as 99 of 100 first tokens within a second."),
  word("SP", "Sequence parallelism: the work on one long prompt is divided over GPUs."),
  word("stage", "GPUs of a replica that hold the same layers."),
  word(
    "strategy",
    "How the model is divided: TP4 PP2 x2 is tensor parallelism 4, pipeline parallelism 2 and 2 replicas.",
  ),
  word(
    "sustainable rate",
    "The highest rate at which this plan, with the flags that it deploys, meets every requirement.",
  ),
  word("TP", "Tensor parallelism: each GPU of a group holds a slice of every layer."),
  word("TPOT", "Time per output token: the mean gap of one request after its first token."),
  word("TTFT", "Time to first token: from the arrival of a request to its first token, waiting included."),
  word("way in", "What a request passes before it is scheduled: network, gateway, tokeniser."),
];

/** The anchor of a word, on the page of a report and in docs/glossary.md. */
export const wordId = (name: string): string => `word-${name.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;

/** The text of docs/glossary.md. */
export function glossaryPage(): string {
  const rows = GLOSSARY.map(
    ({ word: name, meaning }) => `| <a id="${wordId(name)}"></a>${name} | ${meaning} |`,
  );
  return [
    "# Glossary",
    "",
    "<!-- Generated from lib/report/glossary.ts by `npm run docs`. -->",
    "",
    `The words of the reports, these pages and the command line; ${inBackticks("glossary")} prints them, too.`,
    "",
    "| word | meaning |",
    "|---|---|",
    ...rows,
    "",
  ].join("\n");
}
