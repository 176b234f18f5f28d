import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Properties } from "./changed-inputs";
import { unwrapSecrets } from "./secret-value";

/** Where the types of the real package lie. */
const PACKAGE = dirname(require.resolve("@pulumi/aws/package.json"));

/** Types of the properties of an interface, as the package declares them. */
type Interface = ReadonlyMap<string, string>;

const read = new Map<string, string>();

function textOf(file: string): string {
  const path = join(PACKAGE, file);
  const known = read.get(path) ?? (existsSync(path) ? readFileSync(path, "utf8") : "");
  read.set(path, known);
  return known;
}

/** The properties of an interface in a declaration file; `indent` is that of its head. */
function interfaceIn(text: string, head: string, indent: string): Interface | undefined {
  const start = text.indexOf(`\n${indent}${head} {\n`);
  if (start < 0) return undefined;
  const end = text.indexOf(`\n${indent}}\n`, start);
  const lines = text.slice(start, end).matchAll(new RegExp(`^${indent} {4}(\\w+)\\??: (.*)$`, "gm"));
  return new Map([...lines].map(([, name = "", type = ""]) => [name, type]));
}

/** `aws:ec2/instance:Instance` is `InstanceArgs` of ec2/instance.d.ts. */
function argumentsOf(type: string): Interface | undefined {
  const [, file = "", name = ""] = /^aws:([^:]+):(\w+)$/.exec(type) ?? [];
  return interfaceIn(textOf(`${file}.d.ts`), `export interface ${name}Args`, "");
}

/** `inputs.ec2.InstanceRootBlockDevice` is in types/input.d.ts, in the namespace ec2. What may be text is none. */
function blockOf(type: string): Interface | undefined {
  if (/\bstring\b/.test(type)) return undefined;
  const [, namespace = "", name = ""] = /\binputs\.(\w+)\.(\w+)/.exec(type) ?? [];
  if (name === "") return undefined;
  const text = textOf("types/input.d.ts");
  const start = text.indexOf(`\nexport declare namespace ${namespace} {\n`);
  const end = text.indexOf("\n}\n", start);
  return interfaceIn(text.slice(start, end + 1), `interface ${name}`, "    ");
}

/** What the engine adds by itself. */
const OF_THE_ENGINE = new Set(["__defaults", "__internal"]);

/**
 * Inputs that the real package has no property for, as paths; those of blocks, too. A spread hides such a property from
 * the compiler, and the real plugin refuses it only when it is run.
 */
export function unknownInputs(type: string, inputs: Properties): string[] {
  const known = argumentsOf(type);
  return known === undefined ? [`${type} (no such resource)`] : unknownIn(known, inputs, "");
}

/** Those of a resource's properties that are inputs of it. */
export function inputsAmong(type: string, properties: Properties): Properties {
  const known = argumentsOf(type);
  return Object.fromEntries(Object.entries(properties).filter(([name]) => known?.has(name)));
}

function unknownIn(known: Interface, values: Properties, path: string): string[] {
  return Object.entries(values).flatMap(([name, wrapped]) => {
    if (OF_THE_ENGINE.has(name)) return [];
    const type = known.get(name);
    if (type === undefined) return [`${path}${name}`];
    const block = blockOf(type);
    const value = unwrapSecrets(wrapped);
    if (block === undefined || typeof value !== "object" || value === null) return [];
    const items = (Array.isArray(value) ? value : [value]) as Properties[];
    return items.flatMap((item) => unknownIn(block, item, `${path}${name}.`));
  });
}
