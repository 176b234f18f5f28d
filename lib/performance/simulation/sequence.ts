import { BLOCK_TOKENS, type RequestTable } from "./request-table";

/** Blocks that hold so many tokens. */
export const blocksOf = (tokens: number): number => Math.ceil(tokens / BLOCK_TOKENS);
/** Blocks that so many tokens fill. */
export const fullBlocksOf = (tokens: number): number => Math.floor(tokens / BLOCK_TOKENS);

/**
 * A request as the scheduler keeps it. The links to other sequences belong to the lists that it stands in, which make
 * no object of their own.
 */
export class Sequence {
  /** Its row in the request table. */
  readonly row: number;
  /** Blocks of the prefix that it shares with others. */
  shareableBlocks = 0;
  /** When the scheduler sees it. */
  queuedMs = Number.NaN;
  /** Prompt to compute: after a preemption it holds the tokens generated so far as well. */
  promptTokens = 0;
  remainingTokens = 0;
  computedTokens = 0;
  /** Blocks of its own. */
  blocks = 0;
  /** Pipeline slot in which it decodes. */
  slot = 0;
  firstDecode = 0;
  /** Step of its group that computes its last token. */
  lastDecode = 0;
  /** Steps that it has decoded in before a preemption: where its draws of accepted drafts go on. */
  drawn = 0;
  /** Grows when a token in flight is given up: what comes back for an older epoch is discarded. */
  epoch = 0;
  /** Its last token is in flight. */
  isFinishing = false;
  /** It holds the shared prefix. */
  isSharing = false;
  /** Number of the batch that must end before it may run again after a preemption. */
  staleUntil = -1;
  lastTokenMs = Number.NaN;
  /** Place of its blocks among the freed ones after a preemption, or -1. */
  freedAt = -1;
  nextFinishing: Sequence | undefined = undefined;
  previousFinishing: Sequence | undefined = undefined;
  nextAdmitted: Sequence | undefined = undefined;
  previousAdmitted: Sequence | undefined = undefined;

  constructor(row: number) {
    this.row = row;
  }

  /** As it is before it is sent; what is not set here is set before it is read. */
  reset(promptTokens: number, outputTokens: number, cachedTokens: number): void {
    this.shareableBlocks = cachedTokens / BLOCK_TOKENS;
    this.promptTokens = promptTokens;
    this.remainingTokens = outputTokens;
    this.computedTokens = 0;
    this.drawn = 0;
    this.blocks = 0;
    this.epoch = 0;
    this.isFinishing = false;
    this.isSharing = false;
    this.staleUntil = -1;
    this.freedAt = -1;
  }
}

/** Sequences of the runs so far: a search makes hundreds of runs one after the other, each with thousands of them. */
const pool: Sequence[] = [];

/** The sequences of a table, row by row; they belong to the caller until the next call. */
export function sequencesOf({ count, promptTokens, outputTokens, cachedTokens }: RequestTable): Sequence[] {
  while (pool.length < count) pool.push(new Sequence(pool.length));
  for (let row = 0; row < count; row++)
    pool[row].reset(promptTokens[row], outputTokens[row], cachedTokens[row]);
  return pool;
}
