import { randomBytes } from "node:crypto";
import type { URN } from "@pulumi/pulumi";
import { type CheckResult, type DiffResult, main, type Provider } from "@pulumi/pulumi/provider";
import { z } from "zod";
import { changedInputs, type Properties } from "./changed-inputs";
import { engineLog } from "./engine-log";
import { type RemoteCommand, runRemoteCommand } from "./remote-command";
import { asSecret, containsUnknown, unwrapSecrets } from "./secret-value";
import { connectionSchema } from "./ssh-connection";

/**
 * Stand-in for the `command` plugin where it cannot be downloaded: `remote.Command` with the behaviour of
 * 1.2.1, read from its source (pulumi/pulumi-command, provider/pkg/provider/remote). A preview runs nothing.
 */
const TYPE = "command:remote:Command";

const commandInputs = z.object({
  connection: connectionSchema,
  create: z.string().optional(),
  update: z.string().optional(),
  delete: z.string().optional(),
  stdin: z.string().default(""),
  environment: z.record(z.string(), z.string()).default({}),
  logging: z.enum(["stdout", "stderr", "stdoutAndStderr", "none"]).default("stdoutAndStderr"),
  addPreviousOutputInEnv: z.boolean().default(true),
  triggers: z.array(z.unknown()).optional(),
});

const INPUT_NAMES = Object.keys(commandInputs.shape);

class CommandProvider implements Provider {
  readonly version = "1.2.1";
  readonly schema = JSON.stringify({ name: "command", version: this.version });

  async check(urn: URN, _olds: Properties, news: Properties): Promise<CheckResult> {
    if (!urn.split("::")[2]?.endsWith(TYPE)) {
      return {
        failures: [{ property: "", reason: `the stand-in for the command plugin knows only ${TYPE}` }],
      };
    }
    const { connection } = news;
    if (connection === undefined || containsUnknown(connection)) return { inputs: news };
    const parsed = connectionSchema.safeParse(unwrapSecrets(connection));
    if (!parsed.success) {
      return { failures: [{ property: "connection", reason: z.prettifyError(parsed.error) }] };
    }
    return { inputs: { ...news, connection: asSecret(parsed.data) } };
  }

  /** Any changed input is an update, a changed trigger a replacement (common/inputs.go: replaceOnChanges). */
  async diff(_id: string, _urn: URN, olds: Properties, news: Properties): Promise<DiffResult> {
    const changed = changedInputs(olds, news, INPUT_NAMES);
    return { changes: changed.length > 0, replaces: changed.filter((name) => name === "triggers") };
  }

  async create(urn: URN, inputs: Properties) {
    const { create } = commandInputs.parse(unwrapSecrets(inputs));
    const output = create === undefined ? { stdout: "", stderr: "" } : await run(urn, inputs, create);
    const name = urn.split("::").at(-1);
    return { id: `${name}${randomBytes(4).toString("hex")}`, outs: state(inputs, output) };
  }

  async update(_id: string, urn: URN, olds: Properties, news: Properties) {
    const { create, update } = commandInputs.parse(unwrapSecrets(news));
    const command = update ?? create;
    const previous = { stdout: olds.stdout, stderr: olds.stderr };
    return {
      outs: state(news, command === undefined ? previous : await run(urn, { ...news, ...previous }, command)),
    };
  }

  async delete(_id: string, urn: URN, props: Properties): Promise<void> {
    const { delete: command } = commandInputs.parse(unwrapSecrets(props));
    if (command !== undefined) await run(urn, props, command);
  }
}

function state(inputs: Properties, output: Properties | { stdout: string; stderr: string }): Properties {
  return { ...inputs, connection: asSecret(inputs.connection), ...output };
}

/** `props` are the inputs, with stdout and stderr of the previous run where there was one. */
function run(urn: URN, props: Properties, command: string) {
  const inputs = commandInputs.parse(unwrapSecrets(props));
  const task: RemoteCommand = {
    ...inputs,
    command,
    offered: inputs.addPreviousOutputInEnv ? previousOutput(props) : {},
  };
  return runRemoteCommand(task, engineLog(urn));
}

function previousOutput(props: Properties): Record<string, string> {
  const named = { PULUMI_COMMAND_STDOUT: props.stdout, PULUMI_COMMAND_STDERR: props.stderr };
  const entries = Object.entries(named).map(([name, value]) => [name, unwrapSecrets(value)] as const);
  return Object.fromEntries(
    entries.filter((e): e is [string, string] => typeof e[1] === "string" && e[1] !== ""),
  );
}

main(new CommandProvider(), process.argv.slice(2));
