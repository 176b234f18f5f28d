import { actionCommand } from "../remote-command-line";
import { lookAt, notesOf } from "../repair";
import type { DeployedStep } from "./deployed-steps";

/** What is not as a stack left it, or what a person should know; one sentence each. */
export interface Finding {
  readonly host: string;
  /** Name of the step's resource. */
  readonly step: string;
  /** `drift`: `pulumi up` puts it right. `note`: only a person can. */
  readonly kind: "drift" | "note";
  readonly text: string;
}

/** Looks at every host of a stack, each step with its own eyes, and changes nothing. Hosts are looked at side by side. */
export async function examine(steps: readonly DeployedStep[]): Promise<Finding[]> {
  const hosts = [...new Set(steps.map(({ host }) => host))];
  const found = await Promise.all(
    hosts.map(async (host) => {
      const findings: Finding[] = [];
      for (const step of steps.filter((one) => one.host === host)) {
        const seen = await examineStep(step);
        findings.push(...seen);
        if (seen.some(({ text }) => text === UNREACHABLE)) break;
      }
      return findings;
    }),
  );
  return found.flat();
}

const UNREACHABLE =
  "does not answer over SSH, or not with what the step says: nothing on it can be looked at";

async function examineStep({ name, host, target, stdin }: DeployedStep): Promise<Finding[]> {
  const finding = (kind: Finding["kind"]) => (text: string) => ({ host, step: name, kind, text });
  const seen = await lookAt(target, { command: actionCommand("look"), stdin });
  if (seen === undefined) return [finding("drift")(UNREACHABLE)];
  const left = /^MARK=(.*)$/m.exec(stdin)?.[1];
  const lost =
    seen.mark === null
      ? ["has not run to its end here: the host is new, lost what it was, or the last change failed"]
      : [];
  const strange =
    seen.mark !== null && seen.mark !== left && seen.drift.length === 0
      ? ["was last run from another state than this stack's"]
      : [];
  return [
    ...[...lost, ...strange, ...seen.drift].map(finding("drift")),
    ...notesOf(seen, name).map(finding("note")),
  ];
}
