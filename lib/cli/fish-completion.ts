import { configKeys } from "../config";
import type { CommandSpec } from "./command-spec";
import { OPTIONS, type OptionName, partsOf } from "./options";

/** A script that has fish complete commands, options, their choices, stacks of the current folder and config keys. */
export function fishScript(commands: readonly CommandSpec[]): string {
  return [
    "function __shardplan_stacks",
    "    for file in Pulumi.*.yaml",
    "        string replace -r '^Pulumi\\.(.+)\\.yaml$' '$1' -- $file",
    "    end",
    "end",
    `set -g __shardplan_keys ${configKeys()
      .map((key) => quoted(`${key}=`))
      .join(" ")}`,
    "complete -c shardplan -e",
    "complete -c shardplan -f",
    ...["--help", "--version"].map((flag) => `${FIRST} -l ${flag.slice(2)}`),
    `${FIRST} -a help -d 'options and examples of a command'`,
    ...commands.flatMap(commandLines),
    "",
  ].join("\n");
}

const FIRST = "complete -c shardplan -n __fish_use_subcommand";

function commandLines({ name, summary, arguments: args, options }: CommandSpec): string[] {
  const inCommand = `complete -c shardplan -n '__fish_seen_subcommand_from ${name}'`;
  return [
    `${FIRST} -a ${name} -d ${quoted(summary)}`,
    `complete -c shardplan -n '__fish_seen_subcommand_from help' -a ${name}`,
    `${inCommand} -l help`,
    ...options.map((option) => `${inCommand} ${optionText(option)}`),
    ...args.flatMap(({ usage, choices }) => {
      if (choices) return [`${inCommand} -a ${quoted(choices.join(" "))}`];
      if (usage.includes("stacks")) return [`${inCommand} -a '(__shardplan_stacks)'`];
      return usage.includes(".csv") || usage.includes("file") ? [`${inCommand} -F`] : [];
    }),
  ];
}

/** An option with what may follow it: `-x` takes a value of the list, `-r -F` a file, neither none. */
function optionText(option: OptionName): string {
  const { short, long, takesValue } = partsOf(option);
  const flags = `${short === undefined ? "" : `-s ${short} `}-l ${long}`;
  const value = takesValue ? ` ${valueText(option)}` : "";
  return `${flags}${value} -d ${quoted(OPTIONS[option].description)}`;
}

function valueText(option: OptionName): string {
  const { choices } = OPTIONS[option];
  if (choices) return `-x -a ${quoted(choices.join(" "))}`;
  if (option === "stack") return "-x -a '(__shardplan_stacks)'";
  if (option === "set" || option === "param") return "-x -a '$__shardplan_keys'";
  return option === "file" || option === "out" || option === "models" ? "-r -F" : "-x";
}

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
