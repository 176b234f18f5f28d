import type { Chunk, Plan } from "../../strategy";
import { count, milliseconds, percent } from "../format-number";
import type { Cell } from "../report-document";
import { cell } from "./fact";

/** A mean request this much longer is no real difference. */
const FLAT = 0.04;

/** Why a step takes as many tokens as it does, how flat the optimum is, and what it hangs on. */
export function chunkChoice(plan: Plan): readonly Cell[] {
  const { maxNumBatchedTokens: own, cudaGraphs } = plan.serving;
  const chosen = plan.chunks.find(({ tokens }) => tokens === own);
  if (chosen === undefined || plan.chunks.length < 2) return [];
  return [
    cell(`${step(chosen)}${largest(plan, chosen)}${flatness(plan, chosen)}`),
    cell(graphs(own, cudaGraphs)),
  ];
}

const step = ({ tokens, fullStepMs }: Chunk): string =>
  `A step takes up to ${count(tokens)} tokens. While it reads a prompt, the running sequences wait ${milliseconds(fullStepMs)} for their next token`;

/** What the envelope's bound would do instead. */
function largest({ chunks }: Plan, chosen: Chunk): string {
  const [most] = chunks;
  if (most === undefined || most.tokens === chosen.tokens) return ".";
  return `. With ${count(most.tokens)} tokens, the most that the envelope allows, they would wait ${milliseconds(most.fullStepMs)}.`;
}

function flatness({ chunks }: Plan, chosen: Chunk): string {
  const { meanRequestMs } = chosen;
  if (meanRequestMs === undefined) return " It was chosen for the highest rate.";
  const near = chunks.filter(
    ({ meanRequestMs: ms, passes }) => passes && ms !== undefined && ms <= meanRequestMs * (1 + FLAT),
  );
  const others = near.filter(({ tokens }) => tokens !== chosen.tokens).map(({ tokens }) => count(tokens));
  return others.length === 0
    ? ` No other chunk that passes comes within ${percent(FLAT)} of its mean request.`
    : ` The optimum is flat, since the mean request with ${others.join(" or ")} tokens is within ${percent(FLAT)} of this one.`;
}

/** The launch time of kernels decides nothing where graphs hold every step; that gain was not measured. */
function graphs(own: number, { largestTokens }: Plan["serving"]["cudaGraphs"]): string {
  if (largestTokens === 0)
    return "There are no CUDA graphs, so every step waits for the CPU to launch its kernels one by one.";
  const reach =
    largestTokens >= own
      ? "Every step is captured as a CUDA graph, so how long the CPU takes to launch kernels one by one (0.8 ms a layer, fitted on one published setup) does not decide the chunk"
      : `Steps up to ${count(largestTokens)} tokens are captured as CUDA graphs. In larger ones the kernels take longer than launching them, by the 0.8 ms a layer that was fitted on one published setup`;
  return `${reach}. The gain over vLLM's own list of graphs is derived from that figure, not measured.`;
}
