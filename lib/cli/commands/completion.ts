import type { CommandSpec } from "../command-spec";
import { completionScript, SHELLS, type Shell } from "../completion-script";
import { EXIT } from "../exit-codes";

/** The completion command; it lists the commands it is given, so it takes them as an argument. */
export function completionCommand(others: readonly CommandSpec[]): CommandSpec {
  const command: CommandSpec = {
    name: "completion",
    summary: "print shell completion for bash, zsh or fish",
    arguments: [{ usage: "<shell>", description: "the shell", choices: SHELLS }],
    options: [],
    examples: [
      ['eval "$(shardplan completion bash)"', "for this shell; put the line into ~/.bashrc to keep it"],
      ['eval "$(shardplan completion zsh)"', "the same for ~/.zshrc"],
      ["shardplan completion fish | source", "the same for ~/.config/fish/config.fish"],
    ],
    run({ args: [shell] }, io) {
      io.out(completionScript(shell as Shell, [...others, command]));
      return EXIT.met;
    },
  };
  return command;
}
