import { Argument, Command, type CommanderError, Option } from "commander";
import { asTyped, inBackticks, UserError } from "../config";
import { type CommandInput, type CommandSpec, exampleOf } from "./command-spec";
import { OPTIONS, type OptionName, type OptionValues } from "./options";

/** What the parser hands on: the command that was named and its input. */
export type Dispatch = (spec: CommandSpec, input: CommandInput) => Promise<void>;

const ABOUT =
  "Plans how a language model is sharded over GPUs and proves the plan against its service levels.";

const CLOSING = `
Exit codes: 0 the plan meets every requirement, 2 it does not (the report still prints),
1 a mistake in the command line or the configuration, 70 a bug.
${inBackticks("help <command>")} shows options and examples,
${inBackticks("glossary")} what TP, TTFT and other words mean.`;

/** The command line parser, made from the command specs. It throws `CommanderError` instead of ending the process. */
export function buildProgram(specs: readonly CommandSpec[], version: string, dispatch: Dispatch): Command {
  const program = new Command("shardplan")
    .description(ABOUT)
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => {} }) // `reportError` says it, in one line
    .addHelpText("after", CLOSING);
  for (const spec of specs)
    program.addCommand(
      buildCommand(spec, dispatch)
        .copyInheritedSettings(program)
        .exitOverride((error) => {
          throw withExample(spec, error);
        }),
    );
  return program;
}

function buildCommand(spec: CommandSpec, dispatch: Dispatch): Command {
  const command = new Command(spec.name).description(spec.summary);
  for (const { usage, description, choices } of spec.arguments) {
    const argument = new Argument(usage, description);
    command.addArgument(choices ? argument.choices(choices) : argument);
  }
  for (const name of spec.options) command.addOption(buildOption(name));
  command.addHelpText("after", notesText(spec) + examplesText(spec));
  return command.action(async () => {
    await dispatch(spec, {
      args: command.processedArgs.flat() as string[],
      options: valuesOf(spec, command),
    });
  });
}

/** Who leaves an argument out is shown a command that has it. */
function withExample(spec: CommandSpec, error: CommanderError): Error {
  const [, what] = /missing required argument '(.*)'/.exec(error.message) ?? [];
  if (what === undefined) return error;
  return new UserError({
    code: "missing-argument",
    where: spec.name,
    message: `<${what}> is missing`,
    hint: exampleOf(spec),
  });
}

function buildOption(name: OptionName): Option {
  const { flags, description, choices, repeatable } = OPTIONS[name];
  const option = new Option(flags, description);
  if (choices) option.choices(choices);
  if (repeatable) {
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  }
  return option;
}

const SWITCHES = { json: false, full: false, longestContext: false, maxRate: false, smallestGpu: false };

/** commander gives what was typed; the defaults live here. */
function valuesOf(spec: CommandSpec, command: Command): OptionValues {
  const typed = command.opts<Partial<OptionValues>>();
  const values = { stack: [], set: [], strategy: [], price: [], slo: [], ...SWITCHES, ...typed };
  // Both kinds of format are typed as `--format`; a command has one of them.
  return spec.options.includes("table")
    ? { ...values, format: undefined, table: command.opts().format }
    : values;
}

function notesText({ notes = [] }: CommandSpec): string {
  return notes.map((note) => `\n${note}\n`).join("");
}

function examplesText(spec: CommandSpec): string {
  const lines = spec.examples.map(([command, what]) => `  ${asTyped(command)}\n      ${what}`);
  return `\nExamples:\n${lines.join("\n")}`;
}
