import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** At which creations the stand-in stops and never answers: before or after its account has the resource. */
export type Halts = Readonly<Record<string, "before" | "after">>;

const NEVER = new Promise<never>(() => {});

/** Where a test says at which creations the stand-in of a Pulumi home halts, and reads where it did. */
export class AwsHalt {
  private readonly wanted: string;
  private readonly reached: string;

  constructor(home: string) {
    this.wanted = join(home, "stand-in-aws-halts.json");
    this.reached = join(home, "stand-in-aws-halted");
  }

  /** From now on the first creation of one of these types halts. */
  set(halts: Halts): void {
    rmSync(this.reached, { force: true });
    writeFileSync(this.wanted, JSON.stringify(halts));
  }

  /** From now on none halts. */
  clear(): void {
    this.set({});
  }

  /** The type whose creation stands still. */
  halted(): string | undefined {
    return existsSync(this.reached) ? readFileSync(this.reached, "utf8") : undefined;
  }

  /** Called by the stand-in: returns at once, or never where it was told to halt here. */
  async pass(type: string, when: "before" | "after"): Promise<void> {
    if (!existsSync(this.wanted)) return;
    const halts = JSON.parse(readFileSync(this.wanted, "utf8")) as Halts;
    if (halts[type] === undefined) return;
    const at = this.halted();
    // Of the others that were told to halt none goes further: each has a turn of its own.
    if (at !== undefined && at !== type) await NEVER;
    if (halts[type] !== when) return;
    if (at === undefined) writeFileSync(this.reached, type);
    await NEVER;
  }
}
