import { configKeys } from "../config";
import type { CommandSpec } from "./command-spec";
import { fishScript } from "./fish-completion";
import { OPTIONS, type OptionName, partsOf } from "./options";

export type Shell = "bash" | "zsh" | "fish";
export const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

/** A script that completes commands, options, their choices, stacks of the current folder and config keys. */
export function completionScript(shell: Shell, commands: readonly CommandSpec[]): string {
  if (shell === "fish") return fishScript(commands);
  const bash = bashScript(commands);
  return shell === "bash"
    ? bash
    : `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash}`;
}

function bashScript(commands: readonly CommandSpec[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `_shardplan() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names} help --help --version" -- "$current"))
    return
  fi
  local stacks=""
  local file
  for file in Pulumi.*.yaml; do
    [ -e "$file" ] && file=\${file#Pulumi.} && stacks="$stacks \${file%.yaml}"
  done
  case "$command $previous" in
${commands.flatMap(valueCases).join("\n")}
  esac
  case "$command" in
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _shardplan shardplan
`;
}

/** Completion of the value after an option of one command. */
function valueCases({ name, options }: CommandSpec): string[] {
  return options.flatMap((option) => {
    const reply = valueReply(option);
    const patterns = flagsOf(option).map((flag) => `"${name} ${flag}"`);
    return reply === undefined ? [] : [`    ${patterns.join("|")}) ${reply}; return ;;`];
  });
}

function valueReply(option: OptionName): string | undefined {
  const { choices } = OPTIONS[option];
  if (choices) return words(choices.join(" "));
  if (option === "stack") return words("$stacks");
  if (option === "file" || option === "out") return 'COMPREPLY=($(compgen -f -- "$current"))';
  if (option === "set" || option === "param") {
    return `compopt -o nospace 2>/dev/null; ${words(
      configKeys()
        .map((key) => `${key}=`)
        .join(" "),
    )}`;
  }
  return undefined;
}

function commandCase({ name, arguments: args, options }: CommandSpec): string {
  const flags = [...options.flatMap(flagsOf), "--help"].join(" ");
  const choices = args.flatMap((argument) => argument.choices ?? []).join(" ");
  const stacks = args.some((argument) => argument.usage.includes("stacks")) ? " $stacks" : "";
  const files = args.some((argument) => argument.usage.includes(".csv"));
  const reply = words(`${flags} ${choices}${stacks}`.trim());
  return `    ${name}) ${reply}${files ? '; COMPREPLY+=($(compgen -f -- "$current"))' : ""} ;;`;
}

function words(list: string): string {
  return `COMPREPLY=($(compgen -W "${list}" -- "$current"))`;
}

function flagsOf(option: OptionName): string[] {
  const { short, long } = partsOf(option);
  return [...(short === undefined ? [] : [`-${short}`]), `--${long}`];
}
