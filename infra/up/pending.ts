import { z } from "zod";
import { adoptCommand } from "../aws/adopt-command";

const resource = z.looseObject({ urn: z.string(), type: z.string(), custom: z.boolean().default(false) });

/** What of `pulumi stack export` tells what an earlier `up` had begun and never saw the end of. */
const exportedStack = z.looseObject({
  deployment: z
    .looseObject({
      resources: z.array(resource).default([]),
      pending_operations: z.array(z.object({ type: z.string(), resource })).default([]),
    })
    .nullish(),
});

type Resource = z.infer<typeof resource>;

/** Resources of AWS that were being made when an earlier `up` was killed: the account has them, or not. */
export interface Pending {
  /** Names in the program, such as `aws-node-0`. */
  readonly names: readonly string[];
  readonly region?: string;
  /** The stack's tag, such as `shardplan-prod`. */
  readonly tag: string;
  readonly stack: string;
}

const nameOf = ({ urn }: Resource): string => urn.split("::").at(-1) ?? "";

/** What is being made, each once and as it was asked for last, components of the program included. */
function creating(text: string): Resource[] {
  const { deployment } = exportedStack.parse(JSON.parse(text));
  const known = new Set((deployment?.resources ?? []).map(({ urn }) => urn));
  const made = (deployment?.pending_operations ?? [])
    .filter(({ type, resource: { urn } }) => type === "creating" && !known.has(urn))
    .map((operation) => operation.resource);
  return [...new Map(made.map((one) => [one.urn, one])).values()];
}

const isOfAws = ({ type }: Resource): boolean => type.startsWith("aws:");

/** What is pending in an exported stack; nothing where nothing of AWS is. */
export function pendingOf(text: string): Pending | undefined {
  const pending = creating(text).filter(isOfAws);
  // urn:pulumi:STACK::PROJECT::TYPE::NAME
  const [, stack = "", project = ""] = /^urn:pulumi:(.*?)::(.*?)::/.exec(pending[0]?.urn ?? "") ?? [];
  if (pending.length === 0) return undefined;
  const provider = exportedStack
    .parse(JSON.parse(text))
    .deployment?.resources.find(({ type }) => type === "pulumi:providers:aws");
  const { region } = (provider?.inputs ?? {}) as { region?: string };
  return {
    names: pending.map(nameOf),
    stack,
    tag: `${project}-${stack}`,
    ...(region === undefined ? {} : { region }),
  };
}

/** What a killed `up` has left half made, and what to type before the next one, which would make it a second time. */
export function explainPending({ names, region, tag, stack }: Pending): string {
  const where = region === undefined ? "" : `--region ${region} `;
  const ids = Object.fromEntries(names.map((name) => [name, "ID"]));
  return [
    `an earlier pulumi was killed while AWS was making ${names.join(", ")}: each is there, or not, and would be made a second time`,
    `what AWS has of the stack: aws resourcegroupstaggingapi get-resources ${where}--tag-filters Key=shardplan:stack,Values=${tag}`,
    `when no other pulumi runs: pulumi cancel --yes; ${adoptCommand(stack, ids)}`,
    "with AWS's own id, or name, for ID, and nothing after the = of what is not there; then the same command again",
  ].join("\n  ");
}

/** An exported stack in which what was half made is known, and what of it is to be looked up in AWS. */
export interface Adopted {
  readonly text: string;
  readonly urns: readonly string[];
}

/**
 * Takes what was being made into the state, by its id in AWS; an empty id says that AWS does not have it. The engine's own
 * `refresh --import-pending-creates` forgets it instead (seen with 3.248.0). Throws where an id is missing.
 */
export function adopt(text: string, ids: Readonly<Record<string, string>>): Adopted {
  const state = exportedStack.parse(JSON.parse(text));
  const pending = creating(text);
  const names = pending.filter(isOfAws).map(nameOf);
  const missing = names.filter((name) => ids[name] === undefined);
  const unknown = Object.keys(ids).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `the state knows nothing of the name ${unknown.join(", ")} that was being made; end it in AWS, or: pulumi import`,
    );
  }
  if (missing.length > 0)
    throw new Error(`${missing.join(", ")}: give the id in AWS, or nothing after the =`);
  // What holds the others comes before them.
  const components = pending.filter(({ custom }) => !custom);
  const found = pending.filter((one) => isOfAws(one) && ids[nameOf(one)] !== "");
  const adopted = found.map((one) => ({ ...one, id: ids[nameOf(one)] }));
  const deployment = {
    ...state.deployment,
    resources: [...(state.deployment?.resources ?? []), ...components, ...adopted],
    // Steps of hosts that were under way run again.
    pending_operations: [],
  };
  return { text: JSON.stringify({ ...state, deployment }), urns: found.map(({ urn }) => urn) };
}
