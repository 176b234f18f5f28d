import * as pulumi from "@pulumi/pulumi";
import type { CheckName, Deployment } from "../../lib/config";

/** What a check found: `fails` means that machines would be paid for in vain. */
export interface Finding {
  readonly verdict: "passes" | "warns" | "fails";
  readonly text: string;
}

/** What looks at one thing before machines are paid for; nothing where it does not apply. Throws when it cannot look. */
export type Look = () => Promise<Finding | undefined>;

/** The looks of this program, by the name of their check. */
export type Looks = Partial<Record<CheckName, Look>>;

interface Line {
  readonly verdict: Finding["verdict"] | "skipped" | "not made";
  readonly text: string;
}

/**
 * Makes the checks side by side and says each result in one line. A check that fails ends `up` before anything is
 * registered; a preview warns and goes on, so that the plan can be seen without an account.
 */
export async function check(looks: Looks, { aws: { skipChecks } }: Deployment): Promise<void> {
  const entries = Object.entries(looks) as [CheckName, Look][];
  const lines = await Promise.all(
    entries.map(async ([name, look]) => {
      const line = skipChecks.includes(name) ? SKIPPED : await lineOf(look);
      return line === undefined ? [] : [{ ...line, text: `check ${name}: ${line.text}` }];
    }),
  );
  const failed = lines.flat().filter(({ verdict }) => verdict === "fails");
  const refuses = failed.length > 0 && !pulumi.runtime.isDryRun();
  for (const { verdict, text } of lines.flat()) {
    if (verdict !== "fails") await (verdict === "passes" ? pulumi.log.info(text) : pulumi.log.warn(text));
    else if (!refuses) await pulumi.log.warn(`${text}; pulumi up will refuse`);
  }
  if (refuses) throw new pulumi.RunError(failed.map(({ text }) => text).join("\n"));
}

const SKIPPED: Line = { verdict: "skipped", text: "skipped, as aws.skipChecks says" };

async function lineOf(look: Look): Promise<Line | undefined> {
  try {
    return await look();
  } catch (error) {
    return { verdict: "not made", text: `could not be made: ${whyNot(error)}` };
  }
}

/**
 * The last sentence of a plugin's or of fetch's error, on one line: what the engine, the plugin's bridge and AWS's SDK put in
 * front of it names calls and requests, not reasons.
 */
export function whyNot(error: unknown): string {
  const cause = (error as { cause?: { code?: string } }).cause?.code;
  const message = error instanceof Error ? error.message : String(error);
  const reason = message
    .replace(/^.* returned an error: (invoking \S+: )?(\d+ errors? occurred:\s*\* )?/s, "")
    .replace(/^.*, RequestID: [^,]*, (api error )?/s, "")
    .replace(/\s+/g, " ")
    .trim();
  return (cause === undefined ? reason : `${reason} (${cause})`).slice(0, 300);
}
