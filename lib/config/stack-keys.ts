import { nearestName } from "./nearest-key";
import { inBackticks } from "./program-name";
import { NAMESPACE, SECRET_KEYS, SECTIONS } from "./sections";

/** What to say when a stack sets no section of the program. */
export const NOTHING_ASKED = `sets no section (${NAMESPACE}:model, ${NAMESPACE}:hardware, ...), so there is nothing to plan; ${inBackticks("config example")} prints a stack file to start from`;

/** `model` of `shardplan:model` (Pulumi's older `shardplan:config:model` too); undefined in other namespaces. */
export function sectionName(key: string): string | undefined {
  const [namespace, ...rest] = key.split(":");
  if (namespace !== NAMESPACE) return undefined;
  return rest.at(-1);
}

/** What is wrong with one key of `config:`, its section's content left aside. */
export function keyProblem(key: string, value: unknown): string | undefined {
  if (!key.includes(":")) return `unknown key; keys of this program start with ${NAMESPACE}:`;
  const section = sectionName(key);
  if (section === undefined) return undefined;
  if (SECRET_KEYS.includes(section)) return isWhollyEncrypted(value) ? undefined : plainSecret(section);
  if (!SECTIONS.includes(section)) return unknownSection(section);
  return holdsSecret(value)
    ? `holds an encrypted value, which only the engine can read; only ${SECRET_KEYS.join(", ")} may be secret`
    : undefined;
}

/** What to say about `shardplan:<name>` when there is no such section. */
export function unknownSection(name: string): string {
  const near = nearestName(name, [...SECTIONS, ...SECRET_KEYS]);
  const hint = near ? `did you mean ${NAMESPACE}:${near}?` : `sections: ${SECTIONS.join(", ")}`;
  return name.includes(".")
    ? `unknown key; nest it, or set it with \`pulumi config set --path '${NAMESPACE}:${name}' VALUE\``
    : `unknown key; ${hint}`;
}

/** What to say about a secret that is stored as plain text. */
export function plainSecret(name: string): string {
  return `is plain text in the stack file, and so known to all who read it: replace it by a new one, with \`pulumi config set --secret ${NAMESPACE}:${name}\``;
}

/** Pulumi writes an encrypted value as a map with one key. */
function isEncrypted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const [only, ...others] = Object.entries(value);
  return others.length === 0 && only?.[0] === "secure" && typeof only[1] === "string";
}

/** A secret, or a map of secrets by name. */
function isWhollyEncrypted(value: unknown): boolean {
  if (isEncrypted(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  const values = Object.values(value);
  return values.length > 0 && values.every(isEncrypted);
}

function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isEncrypted(value) || Object.values(value).some(holdsSecret);
}
