import { z } from "zod";
import { type SshTarget, targetOf } from "../hosts/ssh-session";

/** A remote step as the state of a stack has it: exactly what the program sent to the host. */
export interface DeployedStep {
  /** Name of the resource, such as `node-0-vllm`. */
  readonly name: string;
  /** Name of the file in infra/steps. */
  readonly step: string;
  /** Config key or name of the host, with its address. */
  readonly host: string;
  readonly target: SshTarget;
  /** The command that the script goes to. */
  readonly create: string;
  /** The command that takes the step back, where it can be. */
  readonly remove?: string;
  readonly stdin: string;
}

const state = z.object({
  resources: z
    .array(
      z.looseObject({
        urn: z.string(),
        type: z.string(),
        inputs: z.unknown().optional(),
        outputs: z.unknown().optional(),
      }),
    )
    .default([]),
});

const connection = z.object({
  host: z.string(),
  port: z.number().optional(),
  user: z.string().optional(),
  privateKey: z.string().optional(),
  hostKey: z.string().optional(),
});

const commandInputs = z.object({
  create: z.string(),
  delete: z.string().optional(),
  stdin: z.string(),
  connection: connection.extend({ proxy: connection.optional() }),
});

/** The remote steps in an exported state whose secrets are shown, in the order in which they ran. */
export function deployedSteps(exported: unknown): DeployedStep[] {
  return state
    .parse(exported)
    .resources.filter(({ type }) => type === "command:remote:Command")
    .map(({ urn, inputs }) => {
      const { create, delete: remove, stdin, connection } = commandInputs.parse(plain(inputs));
      return {
        name: urn.split("::").at(-1) ?? urn,
        step: /^run_step (\S+)/m.exec(stdin)?.[1] ?? "",
        host: unquoted(/^HOST_NAME=(.*)$/m.exec(stdin)?.[1] ?? connection.host),
        target: targetOf(connection),
        create,
        remove,
        stdin,
      };
    });
}

/** Stack outputs of an exported state; undefined before the first complete `up`. */
export function outputsOf(exported: unknown): Readonly<Record<string, unknown>> {
  const stack = state.parse(exported).resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  return z.record(z.string(), z.unknown()).catch({}).parse(plain(stack?.outputs));
}

/** A shell word without its quotes. */
const unquoted = (word: string) => word.replace(/^'(.*)'$/, "$1");

/** Where an exported state has a secret, it has an object that says so, with the value as JSON. */
const SECRET = "4dabf18193072939515e22adb298388d";

/** A value without the wrappers of its secrets. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if ("plaintext" in value) return plain(JSON.parse(String(value.plaintext)));
  if (SECRET in value && "value" in value) return plain(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
