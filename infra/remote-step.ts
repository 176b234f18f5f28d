import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Host } from "./hosts/host";
import { actionCommand } from "./remote-command-line";
import { markOf } from "./repair";
import { stepText } from "./step-text";

/** What a remote step needs. */
export interface RemoteStepArgs<Result> {
  readonly host: Host;
  /** Name of the file in infra/steps, without `.sh`. */
  readonly step: string;
  /** Shell variables of the script. Secrets are given as secret outputs. */
  readonly parameters: pulumi.Input<Readonly<Record<string, pulumi.Input<string | number>>>>;
  /** Shape of the JSON object that the script prints last. */
  readonly result: z.ZodType<Result>;
  /** The script can take back what it did: where the step is no longer wanted, and its machine is not deleted with it. */
  readonly removable?: boolean;
}

/** One script on one host. */
export interface RemoteStep<Result> {
  readonly resource: command.remote.Command;
  readonly result: pulumi.Output<Result>;
}

/**
 * Runs a file of infra/steps on a host over SSH. A changed script or parameter runs it again in place: every step
 * can be repeated from any half-done point, so nothing here ever replaces (`triggers` would). So does a host that is no
 * longer as the step left it.
 */
export function remoteStep<Result>(
  name: string,
  args: RemoteStepArgs<Result>,
  opts: pulumi.CustomResourceOptions,
): RemoteStep<Result> {
  const { host } = args;
  const script = pulumi
    .all([host.label, args.parameters])
    .apply(([label, parameters]) => stepText(args.step, { HOST_NAME: label, ...parameters }));
  const mark = markOf({ host, name, command: actionCommand("look"), script });
  const removable = args.removable === true;
  const resource = new command.remote.Command(
    name,
    {
      connection: host.connection,
      create: actionCommand("apply"),
      ...(removable ? { delete: actionCommand("remove") } : {}),
      stdin: pulumi.interpolate`MARK=${mark}\n${script}`,
      // Results go to stdout, talk goes to stderr; sshd refuses variables that it was not told to accept.
      logging: command.remote.Logging.Stderr,
      addPreviousOutputInEnv: false,
    },
    {
      ...opts,
      // `pulumi up --replace` would else run the removal last, and take away what the new one has just set up.
      ...(removable ? { deleteBeforeReplace: true } : {}),
      ...(removable && host.machine ? { deletedWith: host.machine } : {}),
    },
  );
  const result = resource.stdout.apply((text) => parseResult(args.step, args.result, text));
  return { resource, result };
}

/** The last line of a step's standard output. */
export function parseResult<Result>(step: string, schema: z.ZodType<Result>, stdout: string): Result {
  const line = stdout.trim().split("\n").at(-1) ?? "";
  try {
    return schema.parse(JSON.parse(line));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : "it is no JSON";
    throw new pulumi.RunError(
      `step ${step} ended without its result (${reason}): ${line.slice(0, 200)}; run pulumi up again`,
    );
  }
}
