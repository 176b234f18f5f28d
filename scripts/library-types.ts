/** The types of the published package: declarations that need no package of ours, and the schema of a plan's JSON. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import * as ts from "typescript";

/** What the package exports. */
export const LIBRARY_ENTRIES = ["lib/index.ts", "infra/components/index.ts"];

const ROOT = resolve(__dirname, "..");

/** A program over the entries, with the checkout's own settings. */
export function typesProgram(entries: readonly string[]): ts.Program {
  const path = join(ROOT, "tsconfig.json");
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  return ts.createProgram(
    entries.map((entry) => join(ROOT, entry)),
    {
      ...options,
      noEmit: false,
      incremental: false,
      tsBuildInfoFile: undefined,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: ROOT,
      outDir: "/types",
      types: ["node"],
    },
  );
}

/**
 * Writes the declarations that the entries lead to into a folder; those written in terms of zod or of a JSON file are
 * spelled out.
 */
export function writeDeclarations(program: ts.Program, entries: readonly string[], folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const written = new Set<string>();
  const write = (source: ts.SourceFile) => {
    if (written.has(source.fileName)) return;
    written.add(source.fileName);
    const path = relative(ROOT, source.fileName).replace(/\.ts$/, ".d.ts");
    const text = declarationOf(program, source);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    for (const [, to = ""] of text.matchAll(/(?:from |import\()"(\.[^"]*)"/g)) {
      const target = join(dirname(source.fileName), to);
      const next = program.getSourceFile(`${target}.ts`) ?? program.getSourceFile(join(target, "index.ts"));
      if (next === undefined) throw new Error(`${path} leads to ${to}, which has no declarations`);
      write(next);
    }
  };
  for (const entry of entries) {
    const source = program.getSourceFile(join(ROOT, entry));
    if (source !== undefined) write(source);
  }
}

function declarationOf(program: ts.Program, source: ts.SourceFile): string {
  let declaration = "";
  program.emit(source, (_path, text) => (declaration = text), undefined, true);
  return withoutForeign(program.getTypeChecker(), source, declaration);
}

/** Declarations in which what comes from zod or from a JSON file is spelled out. */
function withoutForeign(checker: ts.TypeChecker, source: ts.SourceFile, text: string): string {
  if (!FOREIGN.test(text)) return text;
  const declared = ts.createSourceFile("declared.d.ts", text, ts.ScriptTarget.Latest, true);
  const imports = declared.statements.filter(
    (statement) => ts.isImportDeclaration(statement) && FOREIGN.test(statement.getText()),
  );
  const names = imports.flatMap((each) => [
    ...each.getText().matchAll(/\b(?!import|type|from)(\w+)\b(?=.* from)/g),
  ]);
  const isForeign = new RegExp(`\\b(${names.map(([, name]) => name).join("|")})\\b`);
  return declared.statements
    .filter((statement) => !imports.includes(statement))
    .map((statement) => {
      const own = statement.getFullText();
      const name = ts.isVariableStatement(statement)
        ? statement.declarationList.declarations[0]?.name.getText()
        : ts.isTypeAliasDeclaration(statement)
          ? statement.name.text
          : undefined;
      return name !== undefined && isForeign.test(statement.getText())
        ? spelledOut(checker, source, name)
        : own;
    })
    .join("\n");
}

const FOREIGN = / from "(zod|[^"]*\.json)"/;

const WRITTEN =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.InTypeAlias |
  ts.TypeFormatFlags.MultilineObjectLiterals |
  ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType;

/** A constant or a type of a file with its type as it is, for a reader who does not have zod. */
function spelledOut(checker: ts.TypeChecker, source: ts.SourceFile, name: string): string {
  const named = source.statements
    .flatMap((statement): (ts.VariableDeclaration | ts.TypeAliasDeclaration)[] => {
      if (ts.isVariableStatement(statement)) return [...statement.declarationList.declarations];
      return ts.isTypeAliasDeclaration(statement) ? [statement] : [];
    })
    .find((each) => each.name.getText() === name);
  const symbol = named && checker.getSymbolAtLocation(named.name);
  if (symbol === undefined) throw new Error(`${source.fileName} has no ${name}`);
  const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const note = comment === "" ? "" : `/** ${comment} */\n`;
  if (symbol.flags & ts.SymbolFlags.TypeAlias) {
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    return `${note}export type ${name} = ${checker.typeToString(type, undefined, WRITTEN)};`;
  }
  const type = checker.typeToString(checker.getTypeOfSymbol(symbol), undefined, WRITTEN);
  return `${note}export declare const ${name}: ${/\bz\.|Zod/.test(type) ? "unknown" : type};`;
}
