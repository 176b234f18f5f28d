import { request } from "node:https";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { OutputMap } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { PORTS } from "../lib/serving";
import type { LocalHosts } from "./hosts/local-hosts";
import { runOnHost } from "./hosts/run-on-host";
import { scanHost } from "./hosts/scan-host";
import { ENVIRONMENT_PATH } from "./python-environment";

/** What is known of a rehearsal that is up. */
export interface Deployed {
  readonly hosts: LocalHosts;
  readonly outputs: OutputMap;
}

/** Something that must hold once the stack is up. */
export interface Expectation {
  readonly what: string;
  /** Reads what there is, in words. Throws or returns an empty text when it does not hold. */
  read(deployed: Deployed): Promise<string>;
}

/** Ranks of the plan: tensor parallel 2. */
const RANKS = 2;

export const EXPECTATIONS: readonly Expectation[] = [
  {
    what: "a client on this machine gets a completion through the gateway, certificate checked",
    read: clientCompletion,
  },
  { what: `Ray counts ${RANKS} GPUs over all hosts`, read: rayResources },
  { what: `vLLM runs ${RANKS} ranks as Ray actors, each on its host`, read: rankProcesses },
  { what: "vLLM publishes its metrics", read: vllmMetrics },
  { what: "a load as planned is answered, and held against the plan", read: loadProof },
  { what: "Prometheus reads vLLM, Ray, the gateway and the hosts, and only they reach it", read: scrapes },
  { what: "a stranger reaches SSH and the gateway, nothing else", read: openPorts },
];

const METRICS = `curl -sf http://127.0.0.1:${PORTS.vllm}/metrics`;

/** Where the key lies, as the stack's own output tells its user. */
export function apiKeyPath(outputs: OutputMap): string {
  const path = String(outputs.apiKeyCommand?.value).split(" ").at(-1);
  if (!path?.startsWith("/")) throw new Error(`no path in the output apiKeyCommand: ${path}`);
  return path;
}

export async function clientCompletion({ hosts, outputs }: Deployed): Promise<string> {
  const key = await onHead(hosts, `cat ${apiKeyPath(outputs)}`);
  const body = JSON.stringify({ model: outputs.model?.value, prompt: "Plan first,", max_tokens: 8 });
  const answer = await post(`${outputs.endpoint?.value}/v1/completions`, {
    body,
    key,
    ca: String(outputs.certificateAuthority?.value),
  });
  const parsed = JSON.parse(answer) as { usage?: { completion_tokens?: number } };
  const tokens = parsed.usage?.completion_tokens ?? 0;
  if (tokens < 1) throw new Error(`no token in ${answer}`);
  return `${tokens} tokens`;
}

async function rayResources({ hosts, outputs }: Deployed): Promise<string> {
  const script = `set -a; . ${dirname(apiKeyPath(outputs))}/ray.env; export HOME=/tmp RAY_USAGE_STATS_ENABLED=0
${ENVIRONMENT_PATH}/bin/python - 2>/dev/null <<'PYTHON'
import ray
ray.init(address="${headAddress(hosts)}:${PORTS.rayHead}", log_to_driver=False, logging_level="ERROR")
print(ray.cluster_resources().get("GPU"), "GPUs,", sum(node["Alive"] for node in ray.nodes()), "nodes")
PYTHON`;
  const said = await onHead(hosts, script);
  const expected = `${RANKS}.0 GPUs, ${hosts.hosts.length} nodes`;
  if (said !== expected) throw new Error(`Ray says "${said}" instead of "${expected}"`);
  return said;
}

async function rankProcesses({ hosts }: Deployed): Promise<string> {
  const counts: number[] = [];
  for (const host of hosts.hosts) {
    const { stdout } = await runOnHost(hosts, host, "pgrep -c -f '^ray::.*Worker' || true");
    counts.push(Number(stdout));
  }
  if (counts.some((count) => count !== RANKS / counts.length))
    throw new Error(`ranks by host: ${counts.join(", ")}`);
  return `ranks by host: ${counts.join(", ")}`;
}

async function vllmMetrics({ hosts }: Deployed): Promise<string> {
  const lines = Number(await onHead(hosts, `${METRICS} | grep -c '^vllm:'`));
  const done = await onHead(
    hosts,
    `${METRICS} | sed -n 's/^vllm:generation_tokens_total{.*} //p' | tail -n 1`,
  );
  if (!(lines > 0 && Number(done) > 0)) throw new Error(`${lines} lines, ${done} tokens generated`);
  return `${lines} lines of vllm:*, ${Number(done)} tokens generated`;
}

const proofOutput = z.object({ load: z.object({ verdict: z.string(), text: z.string() }) });

async function loadProof({ outputs }: Deployed): Promise<string> {
  const { load } = proofOutput.parse(outputs.proof?.value);
  if (load.verdict !== "as planned") throw new Error(load.text);
  return load.text;
}

/** Seconds until every target was read once: the first reading of each falls somewhere into the first interval. */
const SCRAPED_WITHIN_SECONDS = 60;

const readings = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.object({ job: z.string() }), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
});

/** Every target of the configuration is up, and what reads them listens where nobody else comes. */
async function scrapes({ hosts }: Deployed): Promise<string> {
  const nodes = hosts.hosts.length;
  const wanted = `gateway 1, node ${nodes}, ray ${nodes}, vllm 1`;
  const ask = `curl -sf 'http://127.0.0.1:${PORTS.prometheus}/api/v1/query?query=up'`;
  let found = "";
  for (
    const deadline = Date.now() + 1000 * SCRAPED_WITHIN_SECONDS;
    Date.now() < deadline;
    await sleep(1000)
  ) {
    const { result } = readings.parse(JSON.parse(await onHead(hosts, ask))).data;
    const up = result.filter(({ value }) => value[1] === "1").map(({ metric }) => metric.job);
    found = ["gateway", "node", "ray", "vllm"]
      .map((job) => `${job} ${up.filter((one) => one === job).length}`)
      .join(", ");
    if (found === wanted && up.length === result.length) break;
  }
  if (found !== wanted) throw new Error(`up: ${found} instead of ${wanted}`);
  for (const [at, host] of hosts.hosts.entries()) {
    const { stdout } = await runOnHost(hosts, host, LISTENERS);
    const own =
      at === 0
        ? `127.0.0.1:${PORTS.prometheus} 127.0.0.1:${PORTS.nodeExporter}`
        : `${host.address}:${PORTS.nodeExporter}`;
    if (stdout.trim() !== own) throw new Error(`${host.name}: ${stdout.trim()} instead of ${own}`);
  }
  return `up: ${found}`;
}

const LISTENERS = `ss -ltnH 'sport = :${PORTS.prometheus} or sport = :${PORTS.nodeExporter}' | awk '{print $4}' | sort | xargs`;

/** This machine is none of the cluster's hosts. */
async function openPorts({ hosts, outputs }: Deployed): Promise<string> {
  const gateway = Number(new URL(String(outputs.endpoint?.value)).port || 443);
  const scans = await Promise.all(hosts.hosts.map((host) => scanHost(hosts, host)));
  for (const [at, { open }] of scans.entries()) {
    const wanted = at === 0 ? [22, gateway] : [22];
    if (String(open) !== String(wanted)) throw new Error(`host ${at + 1} answers on ${open.join(", ")}`);
  }
  return scans.map(({ open, listening }) => `${open.join(" and ")} of ${listening} ports`).join("; ");
}

async function onHead(hosts: LocalHosts, script: string): Promise<string> {
  const [head] = hosts.hosts;
  if (!head) throw new Error("no host");
  return (await runOnHost(hosts, head, script)).stdout.trim();
}

function headAddress({ hosts }: LocalHosts): string {
  return hosts[0]?.address ?? "";
}

function post(url: string, { body, key, ca }: { body: string; key: string; ca: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const call = request(url, { method: "POST", ca, headers, timeout: 60_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(new Error(`${url}: ${response.statusCode} ${text}`)),
      );
    });
    call.on("timeout", () => call.destroy(new Error(`${url}: no answer in a minute`)));
    call.on("error", reject);
    call.end(body);
  });
}
