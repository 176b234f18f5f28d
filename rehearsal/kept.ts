import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OutputMap, Stack } from "@pulumi/pulumi/automation";
import { ConfigError, UserError } from "../lib/config";
import { applyOverrides, parseOverrides } from "../lib/config/overrides";
import { openEngine } from "./engine";
import { apiKeyPath } from "./expectations";
import { hostConfigs, hostsLeftBehind, type LocalHost, type LocalHosts } from "./hosts/local-hosts";
import { runOnHost } from "./hosts/run-on-host";
import type { Progress } from "./progress";
import { rehearsalStack, type StackOverrides } from "./rehearsal-stack";
import { upStack } from "./run-stack";

/** A rehearsal loads its service as the plan says, for this long. */
export const WITH_LOAD = { "shardplan:proof": { load: true, loadSeconds: 15 } };

/** Hosts of the latest rehearsal that was kept. Throws `UserError` when there is none. */
async function keptHosts(): Promise<LocalHosts> {
  const hosts = (await hostsLeftBehind()).at(-1);
  if (hosts !== undefined) return hosts;
  throw new UserError({
    code: "nothing-kept",
    where: "rehearse",
    message: "no rehearsal was kept",
    hint: "npm run rehearse -- --keep",
  });
}

async function keptStack(hosts: LocalHosts, overrides: StackOverrides): Promise<Stack> {
  const engine = await openEngine({ standIns: ["command"] }, join(hosts.folder, "engine"));
  return rehearsalStack(engine, hostConfigs(hosts), { ...WITH_LOAD, ...overrides });
}

/** `section.key=value` texts as sections of a stack's config. Throws `ConfigError` for what is not written so. */
function sectionsOf(texts: readonly string[]): StackOverrides {
  const { overrides, problems } = parseOverrides(texts);
  if (problems.length > 0) throw new ConfigError(problems);
  const sections = applyOverrides({}, overrides) as Record<string, Record<string, unknown>>;
  return Object.fromEntries(Object.entries(sections).map(([name, keys]) => [`shardplan:${name}`, keys]));
}

/** `pulumi up` of the kept stack again, with keys changed. Returns what changed, in words. */
export async function upAgain(texts: readonly string[], progress: Progress): Promise<string[]> {
  const sections = sectionsOf(texts);
  const hosts = await keptHosts();
  const stack = await keptStack(hosts, sections);
  const { summary, outputs } = await upStack(stack, { progress });
  const counts = Object.entries(summary.resourceChanges ?? {}).map(([what, count]) => `${count} ${what}`);
  return [`The stack is up: ${counts.join(", ")}.`, ...(await howToAsk(hosts, outputs))];
}

const SERVICES =
  "systemctl list-units 'shardplan-*' --all --no-legend --plain | awk '{printf \"%s %s\\n\", $1, $4}'";

/** What runs on each kept host, and how to reach it. */
export async function statusOfKept(): Promise<string[]> {
  const hosts = await keptHosts();
  const lines: string[] = [];
  for (const host of hosts.hosts) {
    const { stdout } = await runOnHost(hosts, host, SERVICES);
    const units = stdout
      .trim()
      .split("\n")
      .map((line) => `  ${line}`);
    lines.push(`${host.name} (${host.address})`, ...units);
  }
  const stack = await keptStack(hosts, {});
  return [...lines, "", ...(await howToAsk(hosts, await stack.outputs()))];
}

/** A fault, what it does on the first host, and what should follow. */
interface Fault {
  readonly script: string;
  readonly follows: string;
}

export const FAULTS = {
  kill: {
    script: "pkill -KILL -f '^VLLM::EngineCore'",
    follows:
      "vLLM's engine was killed. systemd starts vLLM again, within a minute or two; meanwhile the gateway says 503.",
  },
  wedge: {
    script: "pkill -STOP -f '^VLLM::EngineCore'",
    follows:
      "vLLM's engine was stopped: its health page still says 200. The watchdog notices within two minutes and restarts it.",
  },
  drift: {
    script: "sed -i 's/--max-num-seqs [0-9]*/--max-num-seqs 3/' /etc/systemd/system/shardplan-vllm.service",
    follows: "A flag in vLLM's unit was edited. `npm run rehearse -- up` names the file and puts it right.",
  },
  reboot: {
    script: "systemd-run --quiet --on-active=1 systemctl reboot",
    follows: "The host reboots. Everything comes back by itself, in two to three minutes.",
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

/** Does a kept rehearsal's first host harm. Returns what should follow. */
export async function breakKept(name: FaultName): Promise<string> {
  const hosts = await keptHosts();
  const { script, follows } = FAULTS[name];
  await runOnHost(hosts, headOf(hosts), script);
  return `${follows} Watch it: npm run rehearse -- status`;
}

function headOf({ hosts }: LocalHosts): LocalHost {
  const [head] = hosts;
  if (head === undefined) throw new Error("a rehearsal without hosts");
  return head;
}

/** How to log in, to ask for a completion and to remove a rehearsal that was kept. Writes the authority beside its keys. */
export async function howToAsk(hosts: LocalHosts, outputs: OutputMap): Promise<string[]> {
  const authority = join(hosts.folder, "authority.pem");
  const { endpoint, certificateAuthority, model } = outputs;
  const body = JSON.stringify({ model: model?.value, prompt: "Plan first,", max_tokens: 8 });
  const ask =
    endpoint === undefined
      ? []
      : [
          "To ask for a completion:",
          `  key=$(${login(hosts, headOf(hosts))} sudo cat ${apiKeyPath(outputs)})`,
          `  curl --cacert ${authority} -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \\`,
          `    ${String(endpoint.value)}/v1/completions -d '${body}'`,
        ];
  if (certificateAuthority !== undefined) await writeFile(authority, String(certificateAuthority.value));
  return [...howToReach(hosts), ...ask];
}

/** What a person needs to look at hosts that were kept, and to change, harm and remove them. */
export function howToReach(hosts: LocalHosts): string[] {
  return [
    "Everything is left running. To log in:",
    ...hosts.hosts.map((host) => `  ${login(hosts, host)}`),
    "To change it:  npm run rehearse -- up --set serving.maxNumSeqs=6",
    `To harm it:    npm run rehearse -- break ${Object.keys(FAULTS).join("|")}`,
    "To look at it: npm run rehearse -- status",
    "To remove it:  npm run rehearse -- destroy",
  ];
}

const login = ({ privateKeyPath, folder }: LocalHosts, { address }: LocalHost): string =>
  `ssh -i ${privateKeyPath} -o UserKnownHostsFile=${join(folder, "known_hosts")} deploy@${address}`;
