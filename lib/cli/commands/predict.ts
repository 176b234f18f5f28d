import { type CaseResult, laterStages, predictCase } from "../../performance";
import type { CommandSpec } from "../command-spec";
import { emit } from "../emit";
import { EXIT } from "../exit-codes";
import { type CaseLine, readCases } from "../read-cases";

export const predictCommand: CommandSpec = {
  name: "predict",
  summary: "predict benchmark cases: one JSON object a line",
  arguments: [{ usage: "<cases.csv>", description: "cases, one a row under named columns; - reads stdin" }],
  options: ["json", "out"],
  examples: [
    ["shardplan predict cases.csv", "ttft, itl and output_tok_s with 80 % bands, one line per row"],
    ["shardplan predict - < cases.csv | jq -r '[.id, .ttft_ms_mean] | @tsv'", "as columns"],
  ],
  run({ args: [path = "-"], options }, io) {
    const lines = readCases(path, io);
    const later = laterStages(lines.map((line) => ("cells" in line ? line.cells : {})));
    const printed: string[] = [];
    let mistakes = 0;
    for (const [index, line] of lines.entries()) {
      io.progress(`${index + 1} of ${lines.length}: ${line.id} ...`);
      const result = predictLine(line, later[index] ?? false);
      io.progress("");
      // Each answer is shown when it is there, unless a file gets them all.
      if (options.out === undefined) io.out(jsonLine(result));
      else printed.push(jsonLine(result));
      if ("error" in result) {
        mistakes++;
        io.talk(`${path}: ${result.id}: ${result.error}`);
      }
    }
    if (options.out !== undefined) emit(printed.join(""), options, io);
    return mistakes === 0 ? EXIT.met : EXIT.mistake;
  },
};

function predictLine(line: CaseLine, isLaterStage: boolean): CaseResult {
  return "cells" in line ? predictCase(line.cells, { isLaterStage }) : line;
}

/** What is not finite is null in JSON. */
function jsonLine(result: CaseResult): string {
  return `${JSON.stringify(result)}\n`;
}
