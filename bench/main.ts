import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { coverage, goalTable, groupTable, otherSetupsTable, worstTable } from "./accuracy-tables";
import { peerTable } from "./aiconfigurator";
import { movedTable, writeBaseline } from "./baseline";
import { predictRow, residualsOf } from "./evaluate";
import { memoryTable } from "./memory-table";
import { pairsTable } from "./pairs-table";
import { readCases, readOtherSetups } from "./read-cases";
import { readCrossValidation } from "./read-cross-validation";
import { speedTable } from "./speed-table";
import { renderMarkdown, renderText, type Table } from "./table";
import { wallTable } from "./wall-table";

const PAGE = join(__dirname, "..", "docs", "accuracy.md");

const PREFACE = `# Accuracy

Written by \`npm run bench:update\`; do not edit. Every figure is predicted from the row's input columns by
\`predictCase\`, with constants fitted without the row's group (source x engine version x precision x TP x shape):
\`bench/calibrate.ts\` fits, leaves out one group at a time, and writes the constants, the error bands and
\`bench/cross-validation.json\`. The rows and their sources: \`bench/data/README.md\`. What was tried and dropped:
[refuted.md](refuted.md).

The floor under all of this is how far published runs of the same setup lie apart: 1 to 4 % between near-duplicates,
15 % at worst. The structure of the model (what a published mean holds, two batches in flight, reservation) was chosen
while looking at these rows; leaving groups out tests the constants alone, so expect somewhat worse elsewhere.
`;

/** Prints all tables; with --update it also accepts moved predictions and writes docs/accuracy.md. */
function main(): void {
  const rows = readCases();
  const results = rows.map((row) => predictRow(row));
  const residuals = readCrossValidation(rows);
  const covered = coverage(residuals);
  const print = (table: Table): Table => {
    console.log(renderText(table));
    return table;
  };
  const page = [
    print(goalTable(residuals, covered)),
    print(wallTable(residuals)),
    print(memoryTable()),
    print(peerTable(rows, residuals)),
    print(otherSetupsTable(readOtherSetups().flatMap((row) => residualsOf(row, predictRow(row))))),
    print(pairsTable()),
    print(groupTable(residuals, covered)),
    print(worstTable(residuals, 12)),
  ];
  // Speed belongs to the machine that ran the bench, not to the page.
  print(speedTable());
  print(movedTable(results));
  if (!process.argv.includes("--update")) return;
  writeBaseline(results);
  writeFileSync(PAGE, `${PREFACE}\n${page.map(renderMarkdown).join("\n")}`);
  console.log(`\nwrote the baseline and ${PAGE}`);
}

main();
