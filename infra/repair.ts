import { createHash, randomBytes } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Host } from "./hosts/host";
import { askHost, type Door } from "./hosts/ssh-session";

/** What a step's `look` prints last: the mark of its last complete run, or null, and what is no longer as it left it. */
const seen = z.object({ mark: z.string().nullable(), drift: z.array(z.string()) });

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
    const door = doorOf(connection);
    const answer = await askHost(door, { command, stdin, limitSeconds: LOOK_SECONDS }).then(
      readAnswer,
      (): undefined => undefined,
    );
    if (answer?.mark == null) return randomBytes(4).toString("hex");
    if (answer.drift.length === 0) return answer.mark;
    for (const line of answer.drift) await pulumi.log.warn(`${label}: ${line}; ${name} puts it right`);
    return digest([answer.mark, ...answer.drift]);
  });
  // The script may hold a secret; its mark says nothing of it.
  return pulumi.unsecret(mark);
}

function doorOf({ host, port, user, privateKey, hostKey }: PlainConnection): Door {
  return {
    address: host,
    port: port ?? 22,
    user: user ?? "root",
    privateKey: privateKey ?? "",
    hostKey: hostKey ?? "",
  };
}

/** The connection of a host as its outputs have it. */
interface PlainConnection {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  readonly privateKey?: string;
  readonly hostKey?: string;
}

function readAnswer(stdout: string): z.infer<typeof seen> | undefined {
  try {
    return seen.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
  } catch {
    return undefined;
  }
}

const digest = (words: readonly string[]) =>
  createHash("sha256").update(JSON.stringify(words)).digest("hex").slice(0, 8);
