import { inBackticks } from "../../config";
import { breakCommand } from "../break-command";
import { citationsText, citationText } from "../citation-text";
import { GLOSSARY } from "../glossary";
import { linkWords } from "../link-words";
import type { Block, Cell, Column, Fact, ReportDocument, Table } from "../report-document";
import { drawDivision } from "../terminal/draw-division";

const PICTURE_WIDTH = 84;

/** The document as Markdown (GitHub's tables), to be pasted into a review. */
export function renderMarkdown(document: ReportDocument): string {
  const used = document.derivations.length === 0 ? undefined : new Set<string>();
  const parts = [
    `# ${document.title}`,
    document.subtitle,
    `**${document.verdict.text}**`,
    ...(document.highlights.length === 0 ? [] : [highlightList(document)]),
    ...document.sections.flatMap((section) => [
      `## ${section.title}`,
      ...withLinkedWords(
        section.blocks.map((block) => renderBlock(block, section.title)),
        used,
      ),
    ]),
    ...(document.sources.length === 0 ? [] : ["## Sources of the figures", sourceList(document)]),
    ...(document.derivations.length === 0
      ? []
      : ["## How each figure is computed", derivationTable(document)]),
    ...wordList(used),
  ];
  return `${parts.join("\n\n")}\n`;
}

function renderBlock(block: Block, title: string): string {
  switch (block.kind) {
    case "text":
      return escaped(block.text);
    case "list":
      return block.items.map((item) => `- ${escaped(item.text)}`).join("\n");
    case "facts":
      return factTable(block.facts);
    case "table":
      return block.caption === undefined || block.caption === title
        ? table(block)
        : `**${escaped(block.caption)}**\n\n${table(block)}`;
    case "code":
      return `**${escaped(block.title)}**\n\n\`\`\`sh\n${commandText(block.text)}\n\`\`\``;
    case "bar":
      return `**${escaped(block.title)}**: ${block.parts.map((part) => `${part.label} ${part.text}`).join(", ")}; ${block.limit.text}.`;
    case "division":
      return `\`\`\`text\n${drawDivision(block.stages, PICTURE_WIDTH).join("\n")}\n\`\`\``;
    case "plot":
      return `**${escaped(block.title)}.** ${escaped(block.summary)}\n\n${table(block.table)}`;
  }
}

const commandText = (text: string): string =>
  text
    .split("\n")
    .flatMap((line) => breakCommand(line, PICTURE_WIDTH))
    .join("\n");

function factTable(facts: readonly Fact[]): string {
  const rows = facts.map((fact): readonly Cell[] => [
    { text: fact.label },
    { text: fact.value.text, tone: "strong" },
    { text: [fact.band ?? "", fact.note ?? ""].filter(Boolean).join("; ") },
    { text: fact.citation === undefined ? "" : citationText(fact.citation) },
  ]);
  const columns = [{ title: "" }, { title: "value" }, { title: "band, note" }, { title: "known from" }];
  return table({ columns, rows });
}

function table({ columns, rows, citations }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const sources = citationsText(citations);
  return [
    line(columns.map(({ title }) => escaped(title))),
    line(columns.map(rule)),
    ...rows.map((row) => line(row.map(cellText))),
    ...(sources === "" ? [] : ["", `Sources: ${sources}`]),
  ].join("\n");
}

const rule = ({ align }: Column): string => (align === "right" ? "---:" : "---");

const cellText = ({ text, tone }: Cell): string =>
  tone === "strong" ? `**${escaped(text)}**` : escaped(text);

/** What Markdown would read as markup: table bars, emphasis, tags. */
const escaped = (text: string): string => text.replace(/[|*<]/g, (character) => `\\${character}`);

const sourceList = ({ sources }: ReportDocument): string =>
  sources.map(({ number, text }) => `${number}. ${escaped(text)}`).join("\n");

const highlightList = ({ highlights }: ReportDocument): string =>
  highlights
    .map(({ label, value, note }) => `- ${label}: **${value.text}**${note === undefined ? "" : ` (${note})`}`)
    .join("\n");

const derivationTable = ({ derivations }: ReportDocument): string =>
  table({
    columns: [{ title: "figure" }, { title: "formula" }, { title: "inputs" }, { title: "known from" }],
    rows: derivations.map(({ figure, formula, inputs, citation }) =>
      [`\`${figure}\``, formula, inputs, citationText(citation)].map((text) => ({ text })),
    ),
  });

const WORDS = "What the words mean";
const WORDS_LINK = `#${WORDS.toLowerCase().replaceAll(" ", "-")}`;

/** Fenced and inline code, and the heads of tables, which stay as they are. */
const UNTOUCHED = /(```[\s\S]*?```|`[^`\n]*`|^\|.*\n\|[-:| ]+\|$)/m;

/** Blocks of one section with the first use of each word linked to the list at the end; `used` collects the words. */
function withLinkedWords(blocks: readonly string[], used: Set<string> | undefined): readonly string[] {
  if (used === undefined) return blocks;
  const linked = new Set<string>();
  const texts = blocks.map((block) =>
    block
      .split(UNTOUCHED)
      .map((part, index) =>
        index % 2 === 1 ? part : linkWords(part, linked, (shown) => `[${shown}](${WORDS_LINK})`),
      )
      .join(""),
  );
  for (const word of linked) used.add(word);
  return texts;
}

/** The words that the document uses, with their meanings; the glossary has all. */
function wordList(used: ReadonlySet<string> | undefined): readonly string[] {
  if (used === undefined || used.size === 0) return [];
  const rows = GLOSSARY.filter(({ word }) => used.has(word));
  return [
    `## ${WORDS}`,
    table({
      columns: [{ title: "word" }, { title: "meaning" }],
      rows: rows.map(({ word, meaning }) => [{ text: word }, { text: meaning }]),
    }),
    `${inBackticks("glossary")} has more words.`,
  ];
}
