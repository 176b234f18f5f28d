import type { StepShape } from "../types";
import type { Batch } from "./batch";
import { DecodeGroup } from "./decode-group";
import { Holdings } from "./holdings";
import { finish, type Places, preempt } from "./leave-running";
import { PrefillCadence } from "./prefill-cadence";
import type { ReplicaContext } from "./replica-context";
import { RunningList } from "./running-list";
import type { Sequence } from "./sequence";
import { SpeculativeGroup } from "./speculative-group";
import { WaitingQueue } from "./waiting-queue";

/**
 * vLLM's V1 scheduler: composes a batch of the decodes of one pipeline slot, then the unfinished prompt, then waiting
 * requests up to the token budget. A sequence that lacks a block takes those of the request admitted last, and nobody is
 * admitted to that batch. Source of the rules: vllm/v1/core/sched/scheduler.py of the versions in scheduler-rules.ts;
 * bench/vllm runs the real one beside it.
 */
export class Scheduler {
  readonly waiting = new WaitingQueue();
  readonly running = new RunningList();
  readonly groups: DecodeGroup[] = [];
  readonly holdings: Holdings;
  /** The batch that was composed last. */
  readonly step: StepShape = {
    tokens: 0,
    decodeSequences: 0,
    decodeContextTokens: 0,
    prefillAttentionMs: 0,
    sampledSequences: 0,
  };
  /** Turn of the loop that ranks which step together have in common; absent for independent replicas. */
  sharedTurn: number | undefined = undefined;
  private readonly context: ReplicaContext;
  private readonly places: Places;
  private readonly cadence: PrefillCadence;
  /** Tokens that the step has for prompts and decodes: the budget less the drafts that are verified. */
  private budget = 0;

  constructor(context: ReplicaContext, slots: number) {
    this.context = context;
    const { limits, recorder } = context;
    const { longestOutput, drafts } = limits;
    for (let slot = 0; slot < slots; slot++)
      this.groups.push(
        drafts
          ? new SpeculativeGroup(longestOutput, drafts.accepted, drafts.tokens)
          : new DecodeGroup(longestOutput),
      );
    this.holdings = new Holdings(limits);
    this.cadence = new PrefillCadence(limits.prefillInterval);
    const { groups, running, holdings } = this;
    this.places = { groups, running, holdings, limits, recorder };
  }

  /** Composes batch `number` for the slot at `nowMs`, the batches up to `ended` being out. False when it is empty. */
  compose(batch: Batch, slot: number, nowMs: number, number: number, ended: number): boolean {
    const group = this.groups[slot];
    batch.clear();
    const defersPrompts = this.cadence.defers(this.running, this.sharedTurn);
    const preempted = this.takeDecodes(group);
    const isRoomy = defersPrompts || this.takePartial(batch, slot, number);
    if (isRoomy && !preempted) {
      if (!defersPrompts) this.takeWaiting(batch, slot, nowMs, number, ended);
      this.cadence.looked(defersPrompts, this.waiting.waiting);
    }
    this.cadence.composed(this.step);
    if (this.step.tokens === 0) return false;
    this.fill(batch, slot, number);
    this.markFinishing(batch, group);
    group.advance();
    for (let i = 0; i < batch.firstCount; i++) this.startDecoding(batch, group, batch.firsts[i]);
    return true;
  }

  /** Whether nobody ends in the slot's next batch, and what it needs is there. */
  onlyDecodes(slot: number): boolean {
    const group = this.groups[slot];
    if (group.sequences === 0 || group.firstFinishing !== undefined) return false;
    return this.context.limits.reservesOutput || group.blocksNeeded <= this.holdings.pool.free;
  }

  /** The same for a batch that only decodes while nobody can be admitted; prompts are not held back. */
  composeDecodes(batch: Batch, slot: number, number: number): void {
    const group = this.groups[slot];
    batch.clear();
    this.takeDecodes(group);
    this.fill(batch, slot, number);
    group.advance();
  }

  private fill(batch: Batch, slot: number, number: number): void {
    const group = this.groups[slot];
    batch.slot = slot;
    batch.counter = group.counter;
    batch.decodes = group.sequences - group.ending;
    batch.tokens = group.tokensGained;
    group.lastBatch = number;
  }

  /** Frees what a sequence holds whose last token is out. */
  finish(sequence: Sequence): void {
    finish(sequence, this.places);
  }

  /** Gives each decoding sequence its block, preempting the last admitted while blocks lack. True when it preempted. */
  private takeDecodes(group: DecodeGroup): boolean {
    const { step } = this;
    const { pool } = this.holdings;
    let preempted = false;
    if (!this.context.limits.reservesOutput) {
      for (let last = this.running.last; group.blocksNeeded > pool.free; last = this.running.last) {
        if (last === undefined) throw new Error("KV blocks are gone that no running sequence holds");
        this.preempt(last);
        preempted = true;
      }
      pool.take(group.blocksNeeded);
    }
    const { tokenBudget, drafts } = this.context.limits;
    this.budget = drafts ? tokenBudget - drafts.tokens * group.sequences : tokenBudget;
    step.tokens = group.sequences;
    step.decodeSequences = group.sequences;
    step.decodeContextTokens = group.contextTokens;
    step.sampledSequences = group.sequences;
    step.prefillAttentionMs = 0;
    return preempted;
  }

  /** Continues the unfinished prompt; false when that was preempted for want of blocks. */
  private takePartial(batch: Batch, slot: number, number: number): boolean {
    const { partial } = this.running;
    if (partial === undefined) return true;
    const chunk = this.chunkTokens(partial);
    if (this.holdings.chunkBlocks(partial, chunk) > this.holdings.pool.free) {
      this.preempt(partial);
      return false;
    }
    this.takeChunk(batch, slot, partial, number);
    return true;
  }

  private takeWaiting(batch: Batch, slot: number, nowMs: number, number: number, ended: number): void {
    const { maxSequences, watermarkBlocks } = this.context.limits;
    const { running, waiting, holdings, step, budget } = this;
    while (step.tokens < budget && running.partial === undefined && running.count < maxSequences) {
      const sequence = waiting.peek(nowMs, ended);
      const spare = running.count > 0 ? watermarkBlocks : 0;
      if (sequence === undefined || !holdings.admit(sequence, budget - step.tokens, spare)) return;
      waiting.shift();
      this.start(sequence, nowMs);
      this.takeChunk(batch, slot, sequence, number);
    }
  }

  private start(sequence: Sequence, nowMs: number): void {
    const { requests, recorder } = this.context;
    this.running.push(sequence);
    if (this.running.count > recorder.maxRunning) recorder.maxRunning = this.running.count;
    if (Number.isNaN(requests.scheduledMs[sequence.row])) requests.scheduledMs[sequence.row] = nowMs;
  }

  private chunkTokens({ promptTokens, computedTokens }: Sequence): number {
    return Math.max(0, Math.min(promptTokens - computedTokens, this.budget - this.step.tokens));
  }

  private takeChunk(batch: Batch, slot: number, sequence: Sequence, number: number): void {
    const chunk = this.chunkTokens(sequence);
    if (chunk === 0) return;
    const past = sequence.computedTokens;
    this.holdings.grow(sequence, chunk);
    this.step.tokens += chunk;
    this.step.prefillAttentionMs += this.context.latency.prefillAttentionMs(past, chunk);
    if (sequence.computedTokens < sequence.promptTokens) {
      this.running.partial = sequence;
      sequence.staleUntil = number;
      return;
    }
    this.running.partial = undefined;
    this.step.sampledSequences++;
    sequence.slot = slot;
    batch.addFirst(sequence);
  }

  /** Marks those whose last token this batch computes; they keep their blocks and their place until it ends. */
  private markFinishing(batch: Batch, group: DecodeGroup): void {
    const { limits } = this.context;
    let sequence = group.firstFinishing;
    for (; sequence !== undefined; sequence = group.firstFinishing) {
      group.unlink(sequence);
      sequence.isFinishing = true;
      batch.addFinishing(sequence);
      if (limits.endsByToken) {
        group.ending++;
        continue;
      }
      const { promptTokens, remainingTokens } = sequence;
      group.leave(sequence);
      if (!limits.reservesOutput) this.holdings.count(sequence, promptTokens + remainingTokens - 1);
    }
  }

  /** After the group has advanced: the sequence decodes from the slot's next batch on. */
  private startDecoding(batch: Batch, group: DecodeGroup, sequence: Sequence): void {
    const decodes = sequence.remainingTokens - 1;
    sequence.firstDecode = group.counter;
    if (decodes > 0) {
      group.join(sequence, decodes);
      return;
    }
    sequence.isFinishing = true;
    batch.addFinishing(sequence);
    if (!this.context.limits.endsByToken) return;
    group.enter(sequence);
    group.ending++;
  }

  /** Takes the sequence's blocks away and puts it to the front of the queue. */
  private preempt(sequence: Sequence): void {
    if (preempt(sequence, this.places)) this.waiting.pushFront(sequence);
  }
}
