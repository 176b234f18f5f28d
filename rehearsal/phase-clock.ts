import type { Progress } from "./progress";

/** A finished phase. */
export interface PhaseTime {
  readonly name: string;
  /** What of it is real, and what stands in for what. */
  readonly real: string;
  readonly seconds: number;
}

/** Runs phases one after another and keeps their times. */
export class PhaseClock {
  readonly times: PhaseTime[] = [];
  private readonly progress: Progress;
  private readonly signal: AbortSignal;

  constructor(progress: Progress, signal: AbortSignal) {
    this.progress = progress;
    this.signal = signal;
  }

  /** Runs a phase. Throws before it when the rehearsal was interrupted. */
  async run<Value>(name: string, real: string, work: () => Promise<Value>): Promise<Value> {
    this.signal.throwIfAborted();
    this.progress(`${name}: ${real}`);
    const start = Date.now();
    const value = await work();
    this.times.push({ name, real, seconds: (Date.now() - start) / 1000 });
    return value;
  }

  /** The phases with their times, as lines of a table. */
  table(): string[] {
    const total = {
      name: "total",
      real: "",
      seconds: this.times.reduce((sum, { seconds }) => sum + seconds, 0),
    };
    const rows = [...this.times, total];
    const width = Math.max(...rows.map(({ name }) => name.length));
    return rows.map(({ name, seconds, real }) =>
      `${name.padEnd(width)}  ${seconds.toFixed(1).padStart(7)} s  ${real}`.trimEnd(),
    );
  }
}
