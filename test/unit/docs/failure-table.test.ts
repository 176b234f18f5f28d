import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stepMessages } from "./step-messages";
import { type Message, thrownMessages, VALUE } from "./thrown-messages";

const ROOT = join(__dirname, "../../..");
const HEAD = "| message | meaning | what to do |";
/** Shorter than this says nothing: the message is what another file says. */
const TELLING = 7;

/** Nobody types more than this to find a message. */
const ENOUGH = 60;

/** Rows of the failure tables of docs/operations.md: cells without their marks. */
function failureRows(): string[][] {
  const page = readFileSync(join(ROOT, "docs/operations.md"), "utf8");
  const tables = page.split(`${HEAD}\n`).slice(1);
  return tables.flatMap((table) =>
    (table.split("\n\n")[0] ?? "")
      .split("\n")
      .slice(1)
      .filter((row) => row !== "")
      .map((row) =>
        row
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => plain(cell).trim()),
      ),
  );
}

const plain = (text: string): string => text.replaceAll("`", "").replaceAll("\\|", "|");

/** The longest run of words of a message that are always the same: what somebody would look for. */
function fixedWords({ text }: Message): string {
  const runs = plain(text)
    .split(VALUE)
    .map((run) => run.replace(/^[\s:;,.()'"]+|[\s:;,.('"]+$/g, ""));
  const longest = runs.reduce((most, run) => (run.length > most.length ? run : most), "");
  return longest.length <= ENOUGH ? longest : longest.slice(0, longest.lastIndexOf(" ", ENOUGH));
}

describe("the failure tables of docs/operations.md", () => {
  const rows = failureRows();
  const explained = (messages: readonly Message[]) =>
    messages
      .map((message) => ({ ...message, words: fixedWords(message) }))
      .filter(({ words }) => words.length >= TELLING && !rows.some(([cell]) => cell?.includes(words)))
      .map(({ file, words }) => `${file}: ${words}`);

  it("say a meaning and a remedy for each message", () => {
    assert.ok(rows.length > 80, `${rows.length} rows`);
    for (const row of rows) {
      assert.equal(row.length, 3, row.join(" | "));
      for (const cell of row) assert.notEqual(cell, "", row.join(" | "));
    }
  });

  it("have every message with which a step on a host ends", () => {
    const messages = stepMessages(ROOT, "infra/steps");
    assert.ok(messages.length > 60, `${messages.length} messages`);
    assert.deepEqual(explained(messages), []);
  });

  it("have every UserError and RunError of lib and infra", () => {
    const messages = thrownMessages(ROOT, ["lib", "infra"]);
    assert.ok(messages.length > 100, `${messages.length} messages`);
    assert.deepEqual(explained(messages), []);
  });
});
