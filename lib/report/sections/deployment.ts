import { deploymentCommands, packagesText } from "../../serving";
import type { Plan } from "../../strategy";
import type { Block, Section } from "../report-document";

/** The commands that the hosts run: printed from the same functions that write the service units. */
export function deploymentSection(plan: Plan): Section {
  const commands = deploymentCommands(plan);
  const all: readonly (readonly [string, string | undefined])[] = [
    ["Ray, first host", commands.rayHead],
    ["Ray, every further host", commands.rayWorker],
    ["vLLM", commands.vllm],
    ["Verification", commands.verification],
  ];
  const blocks = all.flatMap(([title, text]): readonly Block[] =>
    text === undefined ? [] : [{ kind: "code", title, text }],
  );
  return {
    id: "deployment",
    title: "Deployment commands",
    blocks: [
      ...warning(plan),
      ...blocks,
      ...others(commands.servers),
      ...whereFrom(plan),
      { kind: "text", text: packagesText(plan), tone: "quiet" },
    ],
  };
}

/** Servers differ in what only hosts know. */
function others(servers: number): readonly Block[] {
  if (servers === 1) return [];
  const text = `These are of the first of ${servers} servers, one for each replica; the others have addresses, ports and GPUs of their own. The gateway sends each request to the server with the fewest.`;
  return [{ kind: "text", text, tone: "quiet" }];
}

/** What the verification needs, which only the deployed stack knows. */
function whereFrom({ deployment: { gateway } }: Plan): readonly Block[] {
  const authority =
    gateway.domain === undefined
      ? ", ca.pem the gateway's authority (`pulumi stack output certificateAuthority > ca.pem`)"
      : "";
  const text = `<head_ip> is the address of the first host${authority}. \`pulumi up\` runs the same commands as services and sends the same request.`;
  return [{ kind: "text", text, tone: "quiet" }];
}

/** A plan that fails is never deployed; its commands are shown to be read. */
function warning(plan: Plan): readonly Block[] {
  if (plan.violations.length === 0) return [];
  return [
    {
      kind: "text",
      text: "This is not deployed, because the plan fails. These commands would have run.",
      tone: "bad",
    },
  ];
}
