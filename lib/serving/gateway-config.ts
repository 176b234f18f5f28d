import type { Plan } from "../strategy";
import { provesName } from "./certificate";
import { hostPaths } from "./host-paths";
import { CHALLENGE_PORT, PORTS } from "./ports";
import { engineServers, serverPorts } from "./servers";
import { servedModelName } from "./vllm-arguments";

/** Names of HAProxy's parts that a step asks about. */
export const GATEWAY = {
  backend: "engines",
  /** Statistics and metrics, for root on the host alone. */
  statusSocket: "/run/shardplan-gateway/status",
  /** Takes commands, from root on the host alone. */
  adminSocket: "/run/shardplan-gateway/admin",
} as const;

/** The name under which the gateway knows a server. */
export const balancedName = (index: number): string => `server-${index}`;

/** Paths to which clients may post, with the key: everything else that vLLM answers stays inside the host. */
export const openPaths = ({ deployment: { gateway } }: Plan): readonly string[] => [
  "/v1/chat/completions",
  "/v1/completions",
  ...gateway.extraPaths,
];

/** What a client is told while no server answers; a restart takes longer, but loads are often nearly done. */
const RETRY_SECONDS = 10;

/** A request may wait for a whole answer of maxModelLen tokens before its first byte when it is not streamed. */
const READ_TIMEOUT_SECONDS = 900;

/** Limits of a request's head; HAProxy itself would take as much as its buffer holds. */
const LONGEST_HEAD_BYTES = 16 * 1024;
const LONGEST_URL_BYTES = 8 * 1024;

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
 * HAProxy's configuration as the gateway: ends TLS, lets through what is listed, checks the client's key and limits,
 * sends each request to the server with the fewest, and asks each server for a token to know whether it serves (its
 * /health says 200 while the engine is dead or stopped).
 *
 * vLLM's own key check leaves paths such as /tokenize, /metrics or /invocations open (its docs/usage/security.md), so
 * only listed paths pass. A request that has not been answered with a byte is sent to another server when its own fails,
 * refuses or is full. For that it has to lie in memory as a whole, which `tune.bufsize` allows. Sessions of a server that
 * is taken out go on until they end: what still waits there is sent elsewhere when the watchdog kills the engine. What a
 * client no longer waits for is ended on the server, too (`abortonclose`).
 *
 * The client's timeout cuts no answer: it runs only while the client owes something, the rest of its request or the
 * reading of what was sent. It bounds what never begins TLS, and `timeout http-request` what never ends a head.
 * @param addresses Address on which each server listens, in the order of engineServers.
 */
export function gatewayConfig(plan: Plan, addresses: readonly string[]): string {
  const { certificate } = hostPaths(plan);
  const { port } = plan.deployment.gateway;
  const several = engineServers(plan).length > 1;
  const retried = ["conn-failure", "empty-response", ...(several ? ["500", "503"] : [])];
  return `global
	log stderr len 4096 format raw local0 info
	maxconn 8000
	tune.bufsize ${bufferBytes(plan)}
	hard-stop-after ${READ_TIMEOUT_SECONDS}s
	ssl-default-bind-options prefer-client-ciphers ssl-min-ver TLSv1.2 no-tls-tickets
	ssl-default-bind-ciphers ${CIPHERS.join(":")}
	ssl-default-bind-ciphersuites ${CIPHERS_1_3.join(":")}
	stats socket ${GATEWAY.adminSocket} mode 600 level admin expose-fd listeners

defaults
	mode http
	log global
	option http-no-delay
	option dontlognull
	option abortonclose
	option redispatch 1
	retries 2
	retry-on ${retried.join(" ")}
	timeout connect 5s
	timeout http-request 10s
	timeout http-keep-alive 60s
	timeout client 60s
	timeout server ${READ_TIMEOUT_SECONDS}s
	timeout check ${checkSeconds(plan)}s
${[400, 408, 500].map(defaultError).join("\n")}
${[502, 503, 504].map((status) => `\thttp-error status ${status} ${json(503, AWAY)} hdr Retry-After ${RETRY_SECONDS}`).join("\n")}

frontend clients
	bind :${port} ssl crt ${certificate} alpn h2,http/1.1
	bind :::${port} v6only ssl crt ${certificate} alpn h2,http/1.1
	bind 127.0.0.1:${PORTS.gatewayInside}
	unique-id-format %[uuid]
	log-format "${ACCESS_LOG}"
	http-request set-header X-Request-Id %[unique-id]
	http-after-response set-header X-Request-Id %[unique-id]
	http-after-response set-status 503 if { status 502 504 }
${rules(plan).join("\n")}
	default_backend ${GATEWAY.backend}

backend ${GATEWAY.backend}
	balance leastconn
	option http-buffer-request
	option httpchk
	http-check send meth POST uri /v1/completions ver HTTP/1.1 hdr Host localhost hdr Content-Type application/json hdr Authorization ${quoted(engineKey(plan))} body ${quoted(checkBody(plan))}
	# A server that is full turns the question away, and one to which a change of the model has not come yet: they serve.
	http-check expect status 200,404,503
	default-server inter ${CHECK_EVERY_SECONDS}s fall ${CHECKS_FAILED} rise 1
${servers(plan, addresses).join("\n")}
${limitTable(plan)}${provesName(plan) ? CHALLENGES : ""}
frontend metrics
	bind 127.0.0.1:${PORTS.gatewayMetrics}
	no log
	http-request use-service prometheus-exporter if { path /metrics }
	http-request return status 404

frontend status
	bind unix@${GATEWAY.statusSocket} mode 600
	no log
	http-request use-service prometheus-exporter if { path /metrics }
	stats enable
	stats uri /
`;
}

/** What a request must pass, in this order. Each refusal ends it. */
function rules(plan: Plan): string[] {
  const { gateway } = plan.deployment;
  const refuse = (status: number, message: string, when: string, header = "") =>
    `\thttp-request return status ${status} ${json(status, message)}${header} ${when}`;
  const tooLong = `req.hdr_val(content-length) gt ${gateway.maxBodyMb * 1_000_000}`;
  return [
    // The host itself may always ask: that is how the service is verified.
    "\tacl inside src 127.0.0.0/8 ::1",
    `\tacl welcome src ${welcome(gateway.allowedCidrs).join(" ")}`,
    `\tacl serves nbsrv(${GATEWAY.backend}) gt 0`,
    refuse(403, "your address may not ask", "unless inside or welcome"),
    "\thttp-request set-log-level silent if { path /health }",
    "\thttp-request return status 200 if { path /health } serves",
    "\thttp-request return status 503 default-errorfiles if { path /health }",
    refuse(
      431,
      "the request's head is too long",
      `if { req.hdrs,length gt ${LONGEST_HEAD_BYTES} } or { url,length gt ${LONGEST_URL_BYTES} }`,
    ),
    // Whom it answers while he still sends, HAProxy cuts off over HTTP/2: curl then shows no status, as if all were broken.
    `\thttp-request wait-for-body time 30s if { method POST } { req.hdr(content-length) -m found } !{ ${tooLong} }`,
    refuse(
      404,
      "Not Found",
      `unless { method POST } { path ${openPaths(plan).join(" ")} } or { method GET } { path /v1/models }`,
    ),
    `\thttp-request set-var(txn.client) req.hdr(authorization),word(2,' '),map_str(${hostPaths(plan).clientKeys})`,
    refuse(
      401,
      "Unauthorized",
      'unless { req.hdr(authorization) -m beg -i "Bearer " } { var(txn.client) -m found }',
      " hdr WWW-Authenticate Bearer",
    ),
    refuse(411, "say Content-Length", "if { method POST } !{ req.hdr(content-length) -m found }"),
    refuse(413, `the body is longer than ${gateway.maxBodyMb} MB`, `if { ${tooLong} }`),
    ...limits(plan, refuse),
    `\thttp-request set-header Authorization ${quoted(engineKey(plan))}`,
    // Nothing of vLLM's may depend on a name that a client makes up.
    "\thttp-request set-header Host shardplan",
  ];
}

const TABLE = "limits";

/** What one key may ask; the host's own proofs and load tests are not counted. */
function limits(
  { deployment: { gateway } }: Plan,
  refuse: (status: number, message: string, when: string, header: string) => string,
): string[] {
  const { concurrentRequestsPerKey: concurrent, requestsPerMinutePerKey: perMinute } = gateway;
  if (concurrent === undefined && perMinute === undefined) return [];
  return [
    `\thttp-request track-sc0 var(txn.client) table ${TABLE} unless inside`,
    ...(concurrent === undefined
      ? []
      : [
          refuse(
            429,
            `this key may have ${concurrent} requests at once`,
            `if { sc0_conn_cur(${TABLE}) gt ${concurrent} }`,
            " hdr Retry-After 1",
          ),
        ]),
    ...(perMinute === undefined
      ? []
      : [
          refuse(
            429,
            `this key may send ${perMinute} requests in a minute`,
            `if { sc0_gpc0_rate(${TABLE}) ge ${perMinute} }`,
            ` hdr Retry-After ${Math.ceil(60 / perMinute)}`,
          ),
          // What was refused does not count, or a client that keeps asking would never get in again.
          "\thttp-request sc-inc-gpc0(0) unless inside",
        ]),
  ];
}

function limitTable({ deployment: { gateway } }: Plan): string {
  const { concurrentRequestsPerKey, requestsPerMinutePerKey } = gateway;
  if (concurrentRequestsPerKey === undefined && requestsPerMinutePerKey === undefined) return "";
  return `
backend ${TABLE}
	stick-table type string len 128 size 100k expire 10m store conn_cur,gpc0,gpc0_rate(60s)
`;
}

/** Certificate authorities ask on port 80, from anywhere; nothing else is there to be had. */
const CHALLENGES = `
frontend challenges
	bind :${CHALLENGE_PORT}
	bind :::${CHALLENGE_PORT} v6only
	no log
	http-request return status 404 unless { path_beg /.well-known/acme-challenge/ }
	default_backend challenges

backend challenges
	server certbot 127.0.0.1:${PORTS.challenge}
`;

function servers(plan: Plan, addresses: readonly string[]): string[] {
  return engineServers(plan).map((server, at) => {
    const place = `${bracketed(addresses[at] ?? "127.0.0.1")}:${serverPorts(server).vllm}`;
    return `\tserver ${balancedName(server.index)} ${place} check`;
  });
}

/** Mozilla's "intermediate" of 2024, without the finite-field exchanges that nobody needs any more. */
const CIPHERS = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"].flatMap((cipher) => [
  `ECDHE-ECDSA-${cipher}`,
  `ECDHE-RSA-${cipher}`,
]);
const CIPHERS_1_3 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

/** A line for each request: who asked what, when which server began and ended to answer. No body, no header, no query. */
const ACCESS_LOG = [
  ...["id=%ID", "client=%ci", "key=%[var(txn.client)]", "%HM", "%HPO", "%HV", "status=%ST", "server=%s"],
  ...["retries=%rc", "request_ms=%TR", "first_byte_ms=%Tr", "total_ms=%Ta"],
  ...["bytes_in=%U", "bytes_out=%B", "end=%tsc"],
].join(" ");

const AWAY = "the model is starting or being restarted; try again";
const MESSAGES: Record<number, string> = {
  400: "Bad Request",
  408: "the request was not complete in time",
  500: "Internal Server Error",
};

const defaultError = (status: number) =>
  `\thttp-error status ${status} ${json(status, MESSAGES[status] ?? "")}`;

/** The body of a refusal, as vLLM has it. */
const json = (code: number, message: string) =>
  `content-type application/json string ${quoted(JSON.stringify({ error: { message, code } }))}`;

/** Servers know the gateway by a key of its own; it is in a file, not in the environment, which HAProxy would show. */
const engineKey = (plan: Plan) => `Bearer %[str(engine),map_str(${hostPaths(plan).engineKey})]`;

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

/** IPv6 is open only when everybody is welcome. */
const welcome = (cidrs: readonly string[]) => (cidrs.includes("0.0.0.0/0") ? ["0.0.0.0/0", "::/0"] : cidrs);
