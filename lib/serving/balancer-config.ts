import type { Plan } from "../strategy";
import { hostPaths } from "./host-paths";
import { PORTS } from "./ports";
import { engineServers, serverPorts } from "./servers";
import { servedModelName } from "./vllm-arguments";

/** Names of HAProxy's parts that a step asks about. */
export const BALANCER = {
  backend: "engines",
  /** Statistics and metrics, for root on the host alone. */
  statusSocket: "/run/shardplan-balancer/status",
  /** Takes commands, from root on the host alone. */
  adminSocket: "/run/shardplan-balancer/admin",
} as const;

/** The name under which the balancer knows a server. */
export const balancedName = (index: number): string => `server-${index}`;

/** What a client is told while no server answers; a restart takes longer, but loads are often nearly done. */
export const RETRY_SECONDS = 10;

/** A request may wait for a whole answer of maxModelLen tokens before its first byte when it is not streamed. */
export const READ_TIMEOUT_SECONDS = 900;

/** How often each server is asked for a token, and how many questions in a row decide that it is gone. */
const CHECK_EVERY_SECONDS = 2;
const CHECKS_FAILED = 2;

/**
 * Seconds that a server has for the token of a check. A full one lets a request wait for twice its target (see
 * admissionLimit), so a limit below that would take healthy servers out in an overload.
 */
export const checkSeconds = ({ deployment: { slo } }: Plan): number =>
  Math.max(5, Math.ceil((3 * slo.firstToken.p99Ms) / 1000));

/**
 * HAProxy's configuration: checks the client's key, sends each request to the server with the fewest, and asks each
 * server for a token to know whether it serves (its /health says 200 while the engine is dead or stopped).
 *
 * A request that has not been answered with a byte is sent to another server when its own fails, refuses or is full. For
 * that it has to lie in memory as a whole, which `tune.bufsize` allows. Sessions of a server that is taken out go on
 * until they end: what still waits there is sent elsewhere when the watchdog kills the engine.
 * @param addresses Address on which each server listens, in the order of engineServers.
 */
export function balancerConfig(plan: Plan, addresses: readonly string[]): string {
  const servers = engineServers(plan);
  const several = servers.length > 1;
  const retried = ["conn-failure", "empty-response", ...(several ? ["500", "503"] : [])];
  const lines = servers.map((server, at) => {
    const place = `${bracketed(addresses[at] ?? "127.0.0.1")}:${serverPorts(server).vllm}`;
    return `\tserver ${balancedName(server.index)} ${place} check`;
  });
  return `global
	log stderr format raw local0 notice
	maxconn 8000
	tune.bufsize ${bufferBytes(plan)}
	hard-stop-after ${READ_TIMEOUT_SECONDS}s
	stats socket ${BALANCER.adminSocket} mode 600 level admin expose-fd listeners

defaults
	mode http
	log global
	option http-no-delay
	option redispatch 1
	retries 2
	retry-on ${retried.join(" ")}
	timeout connect 5s
	timeout http-request 30s
	timeout client ${READ_TIMEOUT_SECONDS}s
	timeout server ${READ_TIMEOUT_SECONDS}s
	timeout check ${checkSeconds(plan)}s
	http-error status 401 content-type application/json string ${quoted(errorBody(401, "Unauthorized"))}
	http-error status 503 content-type application/json string ${quoted(errorBody(503, AWAY))} hdr Retry-After ${RETRY_SECONDS}

frontend clients
	bind 127.0.0.1:${PORTS.balancer}
	acl serves nbsrv(${BALANCER.backend}) gt 0
	http-request return status 200 if { path /health } serves
	http-request return status 503 default-errorfiles if { path /health }
	http-request set-var(txn.client) req.hdr(authorization),word(2,' '),map_str(${hostPaths(plan).clientKeys})
	http-request deny deny_status 401 unless { req.hdr(authorization) -m beg -i "Bearer " } { var(txn.client) -m found }
	http-after-response set-header X-Client %[var(txn.client)] if { var(txn.client) -m found }
	http-request set-header Authorization "Bearer \${SHARDPLAN_ENGINE_KEY}"
	default_backend ${BALANCER.backend}

backend ${BALANCER.backend}
	balance leastconn
	option http-buffer-request
	option httpchk
	http-check send meth POST uri /v1/completions ver HTTP/1.1 hdr Host localhost hdr Content-Type application/json hdr Authorization "Bearer \${SHARDPLAN_ENGINE_KEY}" body ${quoted(checkBody(plan))}
	# A server that is full turns the question away, and one to which a change of the model has not come yet: they serve.
	http-check expect status 200,404,503
	default-server inter ${CHECK_EVERY_SECONDS}s fall ${CHECKS_FAILED} rise 1
${lines.join("\n")}

frontend status
	bind unix@${BALANCER.statusSocket} mode 600
	http-request use-service prometheus-exporter if { path /metrics }
	stats enable
	stats uri /
`;
}

export const AWAY = "the model is starting or being restarted; try again";

const errorBody = (code: number, message: string) => JSON.stringify({ error: { message, code } });

const checkBody = (plan: Plan) =>
  JSON.stringify({ model: servedModelName(plan), prompt: "Hello", max_tokens: 1 });

const SMALLEST_BUFFER = 64 * 1024;
const LARGEST_BUFFER = 1024 * 1024;
/** Bytes of a token in a request's JSON, with what escapes add. */
const BYTES_PER_TOKEN = 8;

/** Room for the longest prompt, a power of two. */
function bufferBytes({ serving }: Plan): number {
  const wanted = 2 ** Math.ceil(Math.log2(serving.maxModelLen * BYTES_PER_TOKEN));
  return Math.min(LARGEST_BUFFER, Math.max(SMALLEST_BUFFER, wanted));
}

/** A word of the configuration: in double quotes a backslash, a quote and a dollar sign mean something. */
const quoted = (text: string) => `"${text.replaceAll(/[\\"$]/g, (one) => `\\${one}`)}"`;

const bracketed = (address: string) => (address.includes(":") ? `[${address}]` : address);
