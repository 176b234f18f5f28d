import type { Provenance } from "../strategy";
import type { FigureProvenance } from "./explain/figure-provenance";
import { inputText } from "./format-number";
import type { Block, Citation, Derivation, Fact, ReportDocument, Section, Table } from "./report-document";

interface Cited {
  readonly sections: readonly Section[];
  readonly derivations: ReportDocument["derivations"];
  readonly sources: ReportDocument["sources"];
}

/** Gives each fact and table the numbers of its sources and collects the numbered list. */
export function citeSources(sections: readonly Section[], provenance: FigureProvenance): Cited {
  const sources = numberSources();
  const derivations = new Map<string, Derivation>();
  const cite = (figure: string): Citation | undefined => {
    const entry = provenance(figure);
    if (entry === undefined) return undefined;
    const number = sources.cite(entry.source);
    const citation = { kind: entry.kind, number };
    derivations.set(figure, { figure, formula: entry.formula, inputs: inputsText(entry.inputs), citation });
    return citation;
  };
  const cited = sections.map((section) => ({ ...section, blocks: section.blocks.map(citeBlock(cite)) }));
  return { sections: cited, derivations: [...derivations.values()], sources: sources.list() };
}

const DATE = / \(\d{4}-\d{2}-\d{2}\)$/;

/** Numbers in order of first use. The same source named with and without its date is one source, listed with the date. */
function numberSources() {
  const texts: string[] = [];
  const undated = (text: string) => text.replace(DATE, "");
  return {
    cite(source: string): number {
      const index = texts.findIndex((text) => undated(text) === undated(source));
      if (index < 0) return texts.push(source);
      if (DATE.test(source)) texts[index] = source;
      return index + 1;
    },
    list: () => texts.map((text, index) => ({ number: index + 1, text })),
  };
}

const inputsText = (inputs: Provenance["inputs"]): string =>
  Object.entries(inputs)
    .map(([name, value]) => `${name} = ${inputText(value)}`)
    .join("; ");

type Cite = (figure: string) => Citation | undefined;

const citeBlock =
  (cite: Cite) =>
  (block: Block): Block => {
    if (block.kind === "facts") return { ...block, facts: block.facts.map(citeFact(cite)) };
    if (block.kind === "table") return { ...block, ...citeTable(cite, block) };
    if (block.kind === "plot") return { ...block, table: citeTable(cite, block.table) };
    return block;
  };

const citeFact =
  (cite: Cite) =>
  (fact: Fact): Fact => {
    const citation = fact.figure === undefined ? undefined : cite(fact.figure);
    return citation === undefined ? fact : { ...fact, citation };
  };

function citeTable<T extends Table>(cite: Cite, table: T): T {
  const all = (table.figures ?? []).flatMap((figure) => cite(figure) ?? []);
  const citations = all.filter(
    (one, index) =>
      all.findIndex((other) => other.number === one.number && other.kind === one.kind) === index,
  );
  return { ...table, citations };
}
