import { asTyped } from "../config";
import type { CommandSpec } from "./command-spec";
import { OPTIONS } from "./options";

const HEAD = `# Command line

<!-- Generated from lib/cli by \`npm run docs\`. -->

In a checkout: \`npm run plan -- OPTIONS\`, \`npm run predict -- cases.csv\`, or \`npx shardplan COMMAND\`; where a program
reads the output, \`npm run -s\`, because npm's banner goes to stdout. From the packed npm
package (\`npm pack\`): \`npx shardplan COMMAND\` in any folder; a folder without stack files gets those that come with it.

Results go to stdout, everything else to stderr. Exit codes: 0 the plan meets every requirement (every other command did
what was asked), 2 it does not (\`plan\`, \`check\`, \`recommend\`, \`compare\` where every plan misses one; the report still prints), 1 a mistake in the command line, the configuration
or a row of the input, 70 a bug. \`NO_COLOR\` turns colours off, \`FORCE_COLOR=1\` on; in a pipe there are none.

The config keys for \`--set\` and \`--param\` are in [configuration.md](configuration.md), what the words mean is in the
[glossary](glossary.md).
`;

/** The text of docs/cli.md. */
export function cliPage(commands: readonly CommandSpec[]): string {
  return [HEAD, ...commands.map(commandText)].join("\n");
}

function commandText({ name, summary, arguments: args, options, notes = [], examples }: CommandSpec): string {
  const usage = asTyped(["shardplan", name, ...args.map((argument) => argument.usage)].join(" "));
  const rows = [
    ...args.map(({ usage: flags, description }) => row(flags, description)),
    ...options.map((option) => {
      const { flags, description, choices } = OPTIONS[option];
      return row(flags, choices ? `${description}: ${choices.join(", ")}` : description);
    }),
  ];
  const lines = examples.map(([command, what]) => `${asTyped(command)}   # ${what}`);
  return [
    `## ${name}`,
    "",
    `\`${usage}\`: ${summary}.`,
    "",
    ...(rows.length === 0 ? [] : ["| option | what it does |", "|---|---|", ...rows, ""]),
    ...notes.flatMap((note) => [note, ""]),
    "```sh",
    ...lines,
    "```",
    "",
  ].join("\n");
}

function row(flags: string, description: string): string {
  return `| \`${flags}\` | ${description.replaceAll("|", "\\|")} |`;
}
