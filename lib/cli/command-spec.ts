import { asTyped } from "../config";
import type { ExitCode } from "./exit-codes";
import type { Io } from "./io";
import type { OptionName, OptionValues } from "./options";

/** What the user typed after the command's name. */
export interface CommandInput {
  readonly args: readonly string[];
  readonly options: OptionValues;
}

/** A positional argument. `...` in the name takes several. */
export interface ArgumentSpec {
  /** As in `<cases.csv>` (needed) or `[figure]` (optional). */
  readonly usage: string;
  readonly description: string;
  readonly choices?: readonly string[];
}

/** What to type instead, in an error: one of a command's own examples, the first unless said. */
export const exampleOf = ({ examples }: Pick<CommandSpec, "examples">, at = 0): string =>
  `as in \`${asTyped(examples[at]?.[0] ?? "")}\``;

/** A command as data: the parser, the help and the shell completion are made from it. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionName[];
  /** More than the summary says: paragraphs of the help and of docs/cli.md. */
  readonly notes?: readonly string[];
  /** Command lines that work as they stand, each with what it does. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Throws a `UserError` for a mistake of the user. */
  readonly run: (input: CommandInput, io: Io) => ExitCode | Promise<ExitCode>;
}
