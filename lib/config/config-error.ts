import { inBackticks } from "./program-name";
import { UserError } from "./user-error";

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** File, `--set` or "configuration": where the value was written. */
  readonly where: string;
  /** Dotted key such as `slo.decode.p50Ms`; empty when the file as a whole is meant. */
  readonly key: string;
  /** What is wrong: what is allowed and what was given, or what to do. */
  readonly text: string;
}

/** Everything that is wrong with a configuration, collected before it is thrown: one line per problem. */
export class ConfigError extends UserError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(problemLine);
    const first = problems[0];
    super({
      code: "config",
      message: lines.join("\n"),
      where: first?.where ?? "configuration",
      hint: `${inBackticks("config reference")} describes every key`,
    });
    this.name = "ConfigError";
    this.problems = problems;
  }

  override get line(): string {
    return this.message;
  }
}

function problemLine(problem: ConfigProblem): string {
  return [problem.where, problem.key, problem.text].filter((part) => part !== "").join(": ");
}
