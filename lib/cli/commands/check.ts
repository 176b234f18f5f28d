import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { inBackticks, UserError } from "../../config";
import { checkObject, checkScreen } from "../../report";
import {
  besideEachOther,
  checkFound,
  type FoundCommand,
  findCommands,
  type LineCheck,
  serverArguments,
} from "../../serving";
import { type CommandInput, type CommandSpec, exampleOf } from "../command-spec";
import { emit, reportLook, toJson, wantsJson } from "../emit";
import { EXIT } from "../exit-codes";
import type { Io } from "../io";
import { meetsRequirements } from "../meets-requirements";
import { OPTIONS, type OptionName, type OptionValues } from "../options";

const NAMES: readonly OptionName[] = ["on", "nodes", "vllm", "rate", "set", "out", "json"];

export const checkCommand: CommandSpec = {
  name: "check",
  summary: "whether an existing vllm serve command starts, with how much cache, and what a plan would change",
  arguments: [
    {
      usage: "[command...]",
      description:
        "the command behind --, or files that start vLLM: a systemd unit, a compose file, a Kubernetes manifest, a script",
    },
  ],
  options: NAMES,
  notes: [
    "What the command leaves out is as vLLM of that version has it on that GPU, not as a plan would choose it. Where a plan of the same machines serves more, it stands beside the line, under the objective that it is chosen by (goodput; --set strategy.objective=latency asks for another). Servers of a file that start the same share its load as the replicas of a plan do, each request at the one with the fewest; a server for which the others have left no room on its GPUs is refused. Exit codes: 0 it starts (and meets the targets of a load that is given), 2 it does not, 1 a mistake.",
  ],
  examples: [
    [
      "shardplan check --on p5.48xlarge -- vllm serve Qwen/Qwen3-235B-A22B-FP8 --tensor-parallel-size 4",
      "does it start, and with how many tokens of cache?",
    ],
    [
      "shardplan check --on 4xH100 --rate 4 -- vllm serve Qwen/Qwen3-32B -tp 2 --max-model-len 16384",
      "how fast is it at 4 requests/s, and what would a plan of the four GPUs change?",
    ],
    [
      "shardplan check --on 8xH100 --vllm 0.10.2 --json -- vllm serve meta-llama/Llama-3.3-70B-Instruct -tp 8",
      "with another version of vLLM, for programs",
    ],
  ],
  run(input, io) {
    const { options, files } = readInput(input, io);
    const all = files.flat();
    const checks = files.flatMap((commands): NamedCheck[] => {
      const alone = commands.map((command) => {
        return { command, check: checkOne(command, serversLike(command, all), options, io) };
      });
      // What one file starts on one machine has to share its GPUs.
      const { on, nodes = "1" } = options;
      const checked = on !== undefined && Number(nodes) === 1 ? besideEachOther(alone, on) : alone;
      return checked.map(({ command: { where }, check }) => ({ where, check }));
    });
    const screenOf = ({ where, check }: NamedCheck) =>
      checkScreen(check, reportLook(options, io), checks.length > 1 ? where : undefined);
    emit(wantsJson(options) ? jsonOf(checks) : checks.map(screenOf).join("\n"), options, io);
    return checks.every(({ check }) => passes(check)) ? EXIT.met : EXIT.missed;
  },
};

interface NamedCheck {
  readonly where: string;
  readonly check: LineCheck;
}

/** One object for one command, a list for several. */
function jsonOf(checks: readonly NamedCheck[]): string {
  const objects = checks.map(({ where, check }) => checkObject(check, checks.length > 1 ? where : undefined));
  return toJson(objects.length === 1 ? objects[0] : objects);
}

const passes = ({ starts, served }: LineCheck): boolean =>
  starts && (served === undefined || meetsRequirements(served.line));

/** The commands to check, by the file that they stand in, and the options, which may also stand behind the command. */
function readInput(
  { args, options: typed }: CommandInput,
  io: Io,
): { options: OptionValues; files: readonly (readonly FoundCommand[])[] } {
  const { options, rest } = ownOptions(args, typed);
  const line = serverArguments(rest);
  if (line !== undefined) return { options, files: [[{ where: "command", args: line }]] };
  if (rest.length === 0) {
    throw new UserError({
      code: "nothing-to-check",
      where: "check",
      message: "no command and no file is given",
      hint: `${exampleOf(checkCommand)}, or name a compose file`,
    });
  }
  return { options, files: rest.map((file) => findCommands(readText(file, io), file)) };
}

function readText(file: string, { folder }: Io): string {
  const path = resolve(folder, file);
  if (existsSync(path)) return readFileSync(path, "utf8");
  throw new UserError({
    code: "no-such-file",
    where: file,
    message: "no such file, and no `vllm serve` command either",
    hint: `write the command behind --, ${exampleOf(checkCommand)}`,
  });
}

/** Options of `check` among the words of the command: vLLM has none of these names. */
function ownOptions(
  args: readonly string[],
  typed: OptionValues,
): { options: OptionValues; rest: readonly string[] } {
  const rest: string[] = [];
  let options: OptionValues = typed;
  const words = [...args];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [flag, ...attached] = word.split("=");
    const name = NAMES.find(
      (each) => OPTIONS[each].flags.split(/[ ,]+/).includes(flag ?? "") && flag?.startsWith("--"),
    );
    if (name === undefined) rest.push(word);
    else if (name === "json") options = { ...options, json: true };
    else {
      const value = attached.length > 0 ? attached.join("=") : words.shift();
      if (value === undefined) throw missing(word);
      options = name === "set" ? { ...options, set: [...options.set, value] } : { ...options, [name]: value };
    }
  }
  return { options, rest };
}

const missing = (flag: string) =>
  new UserError({
    code: "option-value",
    where: flag,
    message: "needs a value",
    hint: `${inBackticks("check --help")} shows the usage`,
  });

/** Servers of a file that start the same: only the port tells them apart, and they share the load. */
function serversLike(command: FoundCommand, all: readonly FoundCommand[]): number {
  const key = ({ args }: FoundCommand) => JSON.stringify(args.filter((_, at) => args[at - 1] !== "--port"));
  const alike = all.filter((each) => key(each) === key(command));
  return alike.reduce((sum, { replicas = 1 }) => sum + replicas, 0);
}

function checkOne(command: FoundCommand, servers: number, options: OptionValues, io: Io): LineCheck {
  const { on, vllm, rate, set } = options;
  const nodes = options.nodes === undefined ? 1 : Number(options.nodes);
  if (!Number.isInteger(nodes) || nodes < 1) throw missing("--nodes");
  io.progress(`checking ${command.where} ...`);
  const load = rate === undefined ? [] : [`workload.requestRate=${rate}`];
  const check = checkFound(command, { on, nodes, vllm, servers, set: [...fromHere(set, io), ...load] });
  io.progress("");
  return check;
}

/** A path that is typed is meant from the folder it is typed in. */
function fromHere(set: readonly string[], { folder }: Io): string[] {
  const key = "model.configPath=";
  return set.map((text) =>
    text.startsWith(key) ? `${key}${resolve(folder, text.slice(key.length))}` : text,
  );
}
