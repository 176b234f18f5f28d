/** JSON Schema of what a TypeScript type becomes as JSON. */
import * as ts from "typescript";

/** A node of JSON Schema (draft 7). */
export type Schema = { readonly [key: string]: unknown };

/**
 * The schema of what a function of a file returns, once it is JSON: named types under `definitions`, comments as
 * descriptions, and a number that may be null, as one that is not finite becomes.
 */
export function returnSchema(program: ts.Program, file: string, name: string): Schema {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find((each) => each.name === name);
  const [signature] = symbol ? checker.getTypeOfSymbol(symbol).getCallSignatures() : [];
  if (signature === undefined) throw new Error(`${file} has no function ${name}`);
  const writer = new SchemaWriter(checker);
  const schema = writer.schemaOf(signature.getReturnType());
  return { ...schema, definitions: writer.definitions() };
}

class SchemaWriter {
  readonly #checker: ts.TypeChecker;
  readonly #names = new Map<ts.Type, string>();
  readonly #definitions = new Map<string, Schema>();

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  definitions(): Schema {
    const entries = [...this.#definitions].sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(entries);
  }

  schemaOf(type: ts.Type): Schema {
    if (type.isUnion()) return this.#unionSchema(type.types);
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (type.flags & ts.TypeFlags.BooleanLiteral)
      return { const: this.#checker.typeToString(type) === "true" };
    if (type.flags & ts.TypeFlags.StringLike) return { type: "string" };
    if (type.flags & ts.TypeFlags.NumberLike) return { type: ["number", "null"] };
    if (type.flags & ts.TypeFlags.BooleanLike) return { type: "boolean" };
    if (type.flags & ts.TypeFlags.Null) return { type: "null" };
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {};
    const items = this.#checker.getIndexTypeOfType(type, ts.IndexKind.Number);
    if (items && (this.#checker.isArrayType(type) || this.#checker.isTupleType(type))) {
      return { type: "array", items: this.schemaOf(items) };
    }
    return this.#isNamed(type) ? { $ref: `#/definitions/${this.#defined(type)}` } : this.#objectSchema(type);
  }

  #isNamed = (type: ts.Type): boolean =>
    type.aliasSymbol === undefined && type.isClassOrInterface() && type.symbol.name !== "__type";

  #defined(type: ts.Type): string {
    const known = this.#names.get(type);
    if (known !== undefined) return known;
    let name = type.symbol.name;
    for (let more = 2; this.#definitions.has(name); more++) name = `${type.symbol.name}${more}`;
    this.#names.set(type, name);
    this.#definitions.set(name, {});
    this.#definitions.set(name, this.#objectSchema(type));
    return name;
  }

  #unionSchema(types: readonly ts.Type[]): Schema {
    const there = types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
    const isBoolean = there.filter(({ flags }) => flags & ts.TypeFlags.BooleanLiteral).length === 2;
    const literals = there.flatMap((type) =>
      type.isStringLiteral() || type.isNumberLiteral() ? type.value : [],
    );
    const others = there
      .filter((type) => !type.isStringLiteral() && !type.isNumberLiteral())
      .filter(({ flags }) => !isBoolean || !(flags & ts.TypeFlags.BooleanLiteral))
      .map((type) => this.schemaOf(type));
    const each = [
      ...(literals.length === 0 ? [] : [{ enum: literals.sort() }]),
      ...(isBoolean ? [{ type: "boolean" }] : []),
      ...others,
    ];
    return each.length === 1 ? (each[0] ?? {}) : { anyOf: each };
  }

  #objectSchema(type: ts.Type): Schema {
    const properties = this.#checker.getPropertiesOfType(type).map((property) => {
      const description = ts.displayPartsToString(property.getDocumentationComment(this.#checker));
      const own = this.#checker.getTypeOfSymbol(property);
      const schema = this.schemaOf(own);
      const isOptional =
        (property.flags & ts.SymbolFlags.Optional) !== 0 ||
        (own.isUnion() && own.types.some(({ flags }) => flags & ts.TypeFlags.Undefined));
      return {
        name: property.name,
        schema: description === "" ? schema : { description, ...schema },
        isOptional,
      };
    });
    const values = this.#checker.getIndexTypeOfType(type, ts.IndexKind.String);
    const required = properties.filter(({ isOptional }) => !isOptional).map(({ name }) => name);
    return {
      type: "object",
      ...(properties.length === 0
        ? {}
        : { properties: Object.fromEntries(properties.map(({ name, schema }) => [name, schema])) }),
      ...(required.length === 0 ? {} : { required }),
      ...(values === undefined ? {} : { additionalProperties: this.schemaOf(values) }),
    };
  }
}
