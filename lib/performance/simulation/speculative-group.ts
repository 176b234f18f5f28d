import type { AcceptedDrafts } from "./accepted-drafts";
import { DecodeGroup } from "./decode-group";
import { blocksOf, type Sequence } from "./sequence";

/** Tokens that a sequence caches at most: the last one never, nobody continues from it. */
const mostTokens = ({ promptTokens, remainingTokens }: Sequence): number =>
  promptTokens + Math.max(0, remainingTokens - 1);

/**
 * Decoding sequences of which each gains a number of tokens of its own in a step: those of its drafts that are accepted, and
 * one more. What a sequence will gain is drawn when it joins, so calendars of tokens and blocks hold the sums of each step.
 * A sequence holds blocks for the drafts in flight as well (`num_lookahead_tokens` in vllm/config/vllm.py of 0.33).
 */
export class SpeculativeGroup extends DecodeGroup {
  private readonly accepted: AcceptedDrafts;
  /** Tokens beyond the cached ones that a step may write: its own drafts and those of the next. */
  private readonly ahead: number;
  private readonly gains: Int32Array;
  private readonly blocks: Int32Array;

  constructor(maxOutputTokens: number, accepted: AcceptedDrafts, draftTokens: number) {
    super(maxOutputTokens);
    this.accepted = accepted;
    this.ahead = 2 * draftTokens;
    this.gains = new Int32Array(this.mask + 1);
    this.blocks = new Int32Array(this.mask + 1);
  }

  override get blocksNeeded(): number {
    return this.blocks[this.counter & this.mask];
  }

  override get tokensGained(): number {
    return this.gains[this.counter & this.mask];
  }

  override tokensOf(sequence: Sequence): number {
    return this.tokensBefore(sequence, this.counter);
  }

  override heldTokensOf(sequence: Sequence): number {
    const last = Math.min(this.counter - 1, sequence.lastDecode);
    if (last < sequence.firstDecode) return sequence.promptTokens;
    return Math.min(this.tokensBefore(sequence, last) + 1 + this.ahead, mostTokens(sequence));
  }

  /** Tokens in the cache before a step is computed. */
  private tokensBefore(sequence: Sequence, step: number): number {
    const end = Math.min(step, sequence.lastDecode + 1);
    let tokens = sequence.promptTokens;
    for (let each = sequence.firstDecode; each < end; each++) tokens += this.drawn(sequence, each);
    return Math.min(tokens, mostTokens(sequence));
  }

  override enter(sequence: Sequence): void {
    this.sequences++;
    this.contextTokens += sequence.promptTokens;
    sequence.lastDecode = sequence.firstDecode - 1;
  }

  override join(sequence: Sequence, decodes: number): void {
    this.enter(sequence);
    let step = this.counter;
    for (let left = decodes; left > 0; step++) left -= this.drawn(sequence, step);
    sequence.lastDecode = step - 1;
    this.plan(sequence, 1);
    this.finishesAt(sequence, step - 1);
  }

  /** Also when its last token is not yet computed: what it would have gained is taken back. */
  override leave(sequence: Sequence): void {
    this.sequences--;
    this.contextTokens -= this.tokensOf(sequence);
    if (sequence.lastDecode >= this.counter) this.plan(sequence, -1);
  }

  override advance(): void {
    const at = this.counter & this.mask;
    this.contextTokens += this.gains[at];
    this.gains[at] = 0;
    this.blocks[at] = 0;
    this.counter++;
  }

  private drawn({ row, drawn, firstDecode }: Sequence, step: number): number {
    return this.accepted.tokensOf(row, drawn + step - firstDecode);
  }

  /** Adds what the sequence gains and needs in each step from the coming one on, or takes it back. */
  private plan(sequence: Sequence, by: 1 | -1): void {
    const { promptTokens, firstDecode, lastDecode } = sequence;
    const most = mostTokens(sequence);
    let cached = promptTokens;
    let held = blocksOf(promptTokens);
    for (let step = firstDecode; step <= lastDecode; step++) {
      const wanted = Math.max(held, blocksOf(Math.min(cached + 1 + this.ahead, most)));
      const next = Math.min(cached + this.drawn(sequence, step), most);
      if (step >= this.counter) {
        this.gains[step & this.mask] += by * (next - cached);
        this.blocks[step & this.mask] += by * (wanted - held);
      }
      cached = next;
      held = wanted;
    }
  }
}
