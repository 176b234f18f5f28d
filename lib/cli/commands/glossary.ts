import { inBackticks, nearestName, UserError } from "../../config";
import { GLOSSARY, wrapText } from "../../report";
import type { CommandSpec } from "../command-spec";
import { emit, toJson, wantsJson } from "../emit";
import { EXIT } from "../exit-codes";

export const glossaryCommand: CommandSpec = {
  name: "glossary",
  summary: "what the words of reports and options mean",
  arguments: [{ usage: "[words...]", description: "words to explain instead of all" }],
  options: ["json", "out"],
  examples: [
    ["shardplan glossary", "all words"],
    ["shardplan glossary TTFT demand", "these two"],
  ],
  run({ args, options }, io) {
    const words = args.length === 0 ? GLOSSARY : args.map(find);
    const margin = Math.max(...words.map(({ word }) => word.length)) + 2;
    const lines = words.flatMap(({ word, meaning }) =>
      wrapText(meaning, io.width - margin).map(
        (line, index) => `${(index === 0 ? word : "").padEnd(margin)}${line}`,
      ),
    );
    emit(wantsJson(options) ? toJson(words) : lines.join("\n"), options, io);
    return EXIT.met;
  },
};

function find(asked: string) {
  const found = GLOSSARY.find(({ word }) => word.toLowerCase() === asked.toLowerCase());
  if (found) return found;
  const near = nearestName(
    asked,
    GLOSSARY.map(({ word }) => word),
  );
  throw new UserError({
    code: "unknown-word",
    where: asked,
    message: "no such word in the glossary",
    hint: near === undefined ? `${inBackticks("glossary")} prints all` : `did you mean ${near}?`,
  });
}
