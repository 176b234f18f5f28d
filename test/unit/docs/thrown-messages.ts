import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";

/** What a reader sees where a value of the moment stands. */
export const VALUE = "…";

/** A message as the source has it, with `VALUE` for what is put in. */
export interface Message {
  readonly file: string;
  readonly text: string;
}

/** Errors whose text is written where they are thrown; a `ConfigError` and a `PlanError` say what the schema and the plan's checks say. */
const ERRORS = ["UserError", "RunError"];

/** Messages of every `UserError` and `RunError` below the folders, as their sources have them. */
export function thrownMessages(root: string, folders: readonly string[]): Message[] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name)),
  );
  const texts = files.sort().map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
  const throwing = texts.filter(({ text }) => ERRORS.some((name) => text.includes(`${name}(`)));
  // Those that call what throws, too: parsing all of lib takes seconds.
  const makers = throwing.flatMap(({ text }) =>
    [...text.matchAll(/^export (?:function|const) (\w+)/gm)].map(([, name = ""]) => name),
  );
  const calls = new RegExp(`\\b(?:${makers.join("|")})\\(`);
  const parsed = ({ file, text }: { readonly file: string; readonly text: string }) =>
    ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const sources = throwing.map(parsed);
  const others = texts.filter((each) => !throwing.includes(each) && calls.test(each.text));
  const reader = new TextReader([...sources, ...others.map(parsed)]);
  return sources.flatMap((source) => {
    const messages = errorsOf(source).flatMap((argument) => messageOf(argument, reader));
    return [...new Set(messages)].map((text) => ({ file: source.fileName, text }));
  });
}

/** First arguments of the errors that a file makes. */
function errorsOf(source: ts.SourceFile): ts.Expression[] {
  return nodesOf(source, ts.isNewExpression).flatMap((made) => {
    const name = ts.isPropertyAccessExpression(made.expression) ? made.expression.name : made.expression;
    return ERRORS.includes(name.getText()) && made.arguments?.[0] ? [made.arguments[0]] : [];
  });
}

/** The message in what an error is made of: the property, or the text itself up to its remedy. */
function messageOf(argument: ts.Expression, reader: TextReader): string[] {
  if (!ts.isObjectLiteralExpression(argument)) {
    const lines = reader.textsOf(argument).flatMap((text) => text.split("\n"));
    return lines.map((line) => line.split("; ")[0] ?? "");
  }
  return argument.properties.flatMap((property) => {
    if (property.name?.getText() !== "message") return [];
    if (ts.isPropertyAssignment(property)) return reader.textsOf(property.initializer);
    return ts.isShorthandPropertyAssignment(property) ? reader.textsOf(property.name) : [];
  });
}

/** Reads expressions as the texts that they may be. */
class TextReader {
  readonly #calls: readonly ts.CallExpression[];

  constructor(sources: readonly ts.SourceFile[]) {
    this.#calls = sources.flatMap((source) => nodesOf(source, ts.isCallExpression));
  }

  /** Every text that an expression may be, as far as the sources say. */
  textsOf(expression: ts.Expression): string[] {
    if (ts.isStringLiteralLike(expression)) return [expression.text];
    if (ts.isParenthesizedExpression(expression)) return this.textsOf(expression.expression);
    if (ts.isTemplateExpression(expression)) {
      return expression.templateSpans.reduce(
        (starts, { expression: put, literal }) =>
          joined(starts, this.#putTexts(put)).map((start) => start + literal.text),
        [expression.head.text],
      );
    }
    if (ts.isConditionalExpression(expression)) {
      return [...this.textsOf(expression.whenTrue), ...this.textsOf(expression.whenFalse)];
    }
    if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.PlusToken) {
      return joined(this.textsOf(expression.left), this.textsOf(expression.right));
    }
    if (ts.isCallExpression(expression)) return this.#calledTexts(expression);
    return ts.isIdentifier(expression) ? this.#namedTexts(expression) : [VALUE];
  }

  /** What a template is filled with: words as they are, a name or a figure as a value. */
  #putTexts(put: ts.Expression): string[] {
    const texts = this.textsOf(put).map((text) => (text === "" || text.includes(" ") ? text : VALUE));
    return [...new Set(texts)];
  }

  /** Lines that are joined, or what a function of the file returns. */
  #calledTexts({ expression: called }: ts.CallExpression): string[] {
    if (ts.isPropertyAccessExpression(called) && called.name.text === "join") {
      if (!ts.isArrayLiteralExpression(called.expression)) return [VALUE];
      return called.expression.elements.flatMap((element) =>
        ts.isSpreadElement(element) ? [] : this.textsOf(element),
      );
    }
    if (!ts.isIdentifier(called)) return [VALUE];
    const returned = functionsNamed(called.getSourceFile(), called.text).flatMap((one) =>
      one.body !== undefined && !ts.isBlock(one.body)
        ? [one.body]
        : nodesOf(one, ts.isReturnStatement).flatMap(({ expression }) => expression ?? []),
    );
    return returned.length === 0 ? [VALUE] : returned.flatMap((each) => this.textsOf(each));
  }

  /** A constant's texts; a parameter's are those that calls give it. */
  #namedTexts(name: ts.Identifier): string[] {
    const source = name.getSourceFile();
    for (let at: ts.Node = name; at !== source; at = at.parent) {
      if (!ts.isFunctionLike(at)) continue;
      const index = at.parameters.findIndex((parameter) => parameter.name.getText() === name.text);
      if (index < 0) continue;
      const given = this.#callsOf(at).flatMap((call) => call.arguments[index] ?? []);
      return given.length === 0 ? [VALUE] : [...new Set(given.flatMap((each) => this.textsOf(each)))];
    }
    const made = nodesOf(source, ts.isVariableDeclaration).filter(
      (declaration) => declaration.name.getText() === name.text,
    );
    const texts = made.flatMap(({ initializer }) =>
      initializer === undefined ? [] : this.textsOf(initializer),
    );
    return texts.length === 0 ? [VALUE] : texts;
  }

  /** Calls of a function: in its own file, and where it is exported in all. */
  #callsOf(called: ts.Node): ts.CallExpression[] {
    const name = nameOf(called);
    const holder = ts.isArrowFunction(called) ? called.parent.parent.parent : called;
    const isExported =
      ts.canHaveModifiers(holder) &&
      ts.getModifiers(holder)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
    const own = called.getSourceFile();
    return this.#calls.filter(
      (call) => call.expression.getText() === name && (isExported || call.getSourceFile() === own),
    );
  }
}

const joined = (starts: readonly string[], ends: readonly string[]): string[] =>
  starts.flatMap((start) => ends.map((end) => start + end));

type FunctionNode = ts.FunctionDeclaration | ts.ArrowFunction | ts.FunctionExpression;

const functionsNamed = (source: ts.SourceFile, name: string): FunctionNode[] =>
  [
    ...nodesOf(source, ts.isFunctionDeclaration),
    ...nodesOf(source, ts.isArrowFunction),
    ...nodesOf(source, ts.isFunctionExpression),
  ].filter((one) => nameOf(one) === name);

/** The name of a function, or of the constant that holds it. */
function nameOf(node: ts.Node): string | undefined {
  if (ts.isFunctionDeclaration(node)) return node.name?.text;
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : undefined;
}

function nodesOf<Kind extends ts.Node>(from: ts.Node, is: (node: ts.Node) => node is Kind): Kind[] {
  const found: Kind[] = [];
  const visit = (node: ts.Node) => {
    if (is(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(from);
  return found;
}
