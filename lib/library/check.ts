import { type CommandQuestion, checkFound, findCommands, type LineCheck, serverArguments } from "../serving";

/**
 * Whether a `vllm serve` command starts, with how much cache, and what a plan would change. `command` is its words, or the
 * text of a systemd unit, compose file, Kubernetes manifest or script, of which the first command is taken. Throws a
 * `UserError` where there is none, or where nothing says on which GPUs it runs.
 */
export function check(command: string | readonly string[], question: CommandQuestion = {}): LineCheck {
  const args = typeof command === "string" ? undefined : serverArguments(command);
  const text = typeof command === "string" ? command : command.join(" ");
  const [first] = args === undefined ? findCommands(text, "command") : [{ where: "command", args }];
  // findCommands throws where it finds none.
  return checkFound(first ?? { where: "command", args: [] }, question);
}
