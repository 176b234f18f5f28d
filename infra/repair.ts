import { createHash, randomBytes } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Host } from "./hosts/host";
import { askHost, type SshTarget, targetOf } from "./hosts/ssh-session";

/** What a step's `look` prints last. */
const seen = z.object({
  /** The mark of its last complete run, or null. */
  mark: z.string().nullable(),
  /** What is no longer as it left it. */
  drift: z.array(z.string()),
  /** What a person should know and the step cannot put right. */
  notes: z.array(z.string()),
  /** The host's clock, in seconds since 1970. */
  time: z.number(),
});

export type Seen = z.infer<typeof seen>;

/** Certificates and tokens bear some wrongness of clocks; more than this is a fault. */
const CLOCK_SECONDS = 60;

/** A look reads some files and asks systemd; one that takes longer is not worth the wait. */
const LOOK_SECONDS = 60;

/** What a look needs: the host, the command that runs the script there, and the script. */
export interface Look {
  readonly host: Host;
  readonly name: string;
  readonly command: string;
  readonly script: pulumi.Output<string>;
}

/**
 * The mark of a step's last complete run, as the host itself has it. An input of the step: while all is as the step left
 * it, the mark is the one in the state, and nothing changes. Where something was lost or edited, where the host is new,
 * or does not answer, it is another one, and so the step runs again and puts the host right.
 */
export function markOf({ host, name, command, script }: Look): pulumi.Output<string> {
  const mark = pulumi.all([host.connection, host.label, script]).apply(async ([connection, label, stdin]) => {
    const answer = await lookAt(targetOf(connection), { command, stdin });
    for (const line of answer === undefined ? [] : notesOf(answer, name)) {
      await pulumi.log.warn(`${label}: ${line}`);
    }
    if (answer?.mark == null) return randomBytes(4).toString("hex");
    if (answer.drift.length === 0) return answer.mark;
    for (const line of answer.drift) await pulumi.log.warn(`${label}: ${line}; ${name} puts it right`);
    return digest([answer.mark, ...answer.drift]);
  });
  // The script may hold a secret; its mark says nothing of it.
  return pulumi.unsecret(mark);
}

/** What a step's look finds on its host; undefined where the host does not answer. */
export function lookAt(
  target: SshTarget,
  look: { command: string; stdin: string },
): Promise<Seen | undefined> {
  return askHost(target, { ...look, limitSeconds: LOOK_SECONDS }).then(
    readAnswer,
    (): undefined => undefined,
  );
}

function readAnswer(stdout: string): Seen | undefined {
  try {
    return seen.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
  } catch {
    return undefined;
  }
}

/** What a person should know. The clock is said once for each host: by the first step. */
export function notesOf({ notes, time }: Seen, name: string): readonly string[] {
  const ahead = Math.round(time - Date.now() / 1000);
  if (!name.endsWith("-facts") || Math.abs(ahead) <= CLOCK_SECONDS) return notes;
  const wrong = `its clock is ${Math.abs(ahead)} s ${ahead > 0 ? "ahead of" : "behind"} this machine's`;
  return [...notes, `${wrong}: certificates will be refused; let systemd-timesyncd or chrony set it`];
}

const digest = (words: readonly string[]) =>
  createHash("sha256").update(JSON.stringify(words)).digest("hex").slice(0, 8);
