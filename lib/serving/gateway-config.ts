import type { Plan } from "../strategy";
import { AWAY, READ_TIMEOUT_SECONDS, RETRY_SECONDS } from "./balancer-config";
import { PORTS } from "./ports";

/** Paths to which clients may post, with the key: everything else that vLLM answers stays inside the host. */
export const openPaths = ({ deployment: { gateway } }: Plan): readonly string[] => [
  "/v1/chat/completions",
  "/v1/completions",
  ...gateway.extraPaths,
];

/** No prompt is longer: 128 Ki tokens are less than 1 MB of text. */
const LONGEST_BODY = "10MB";
/** A body's length with more digits is refused before it is read. */
const LONGEST_BODY_DIGITS = 7;

/**
 * The gateway's Caddyfile for the address (IP or DNS name) under which clients reach the host.
 *
 * vLLM's own key check leaves paths such as /tokenize, /metrics or /invocations open (its docs/usage/security.md),
 * so the gateway lets through only what is listed here. The balancer behind it checks the key and knows who serves. Each
 * request has a connection of its own to it, so that a reload of the balancer never closes one under a request; streams
 * pass without buffering (`flush_interval -1`).
 */
export function gatewayConfig(plan: Plan, address: string): string {
  const { gateway } = plan.deployment;
  const name = gateway.domain ?? address;
  return `{
	admin off
	auto_https disable_redirects
	skip_install_trust
	default_sni ${name}
	servers {
		protocols h1 h2
		max_header_size 16KB
		timeouts {
			read_header 10s
			read_body 30s
			idle 2m
		}
	}
}

https://${name}:${gateway.port} {
	${gateway.domain === undefined ? "tls internal" : ACME}
	@stranger not remote_ip ${welcome(gateway.allowedCidrs).join(" ")}
	@health {
		method GET
		path /health
	}
	@listed {
		method POST
		path ${openPaths(plan).join(" ")}
	}
	@models {
		method GET
		path /v1/models
	}
	@unsized {
		method POST
		path ${openPaths(plan).join(" ")}
		not header Content-Length *
	}
	@large header_regexp Content-Length ^0*[0-9]{${LONGEST_BODY_DIGITS + 1},}$
	log {
		output stderr
		format filter {
			wrap json
			fields {
				request>headers delete
				request>tls delete
			}
		}
	}
	route {
		header X-Request-Id {http.request.uuid}
		request_header X-Request-Id {http.request.uuid}
		error @stranger 403
		reverse_proxy @health 127.0.0.1:${PORTS.balancer}
		reverse_proxy @models 127.0.0.1:${PORTS.balancer}
		error @unsized 411
		error @large 413
		request_body {
			max_size ${LONGEST_BODY}
		}
		reverse_proxy @listed 127.0.0.1:${PORTS.balancer} {
			flush_interval -1
			lb_try_duration 5s
			transport http {
				keepalive off
				dial_timeout 5s
				response_header_timeout ${READ_TIMEOUT_SECONDS}s
				read_timeout ${READ_TIMEOUT_SECONDS}s
			}
		}
		error 404
	}
	handle_errors {
		header Content-Type application/json
		@away expression {http.error.status_code} >= 502 && {http.error.status_code} <= 504
		header @away Retry-After ${RETRY_SECONDS}
		respond @away \`{"error":{"message":"${AWAY}","code":503}}\` 503
		respond \`{"error":{"message":"{http.error.status_text}","code":{http.error.status_code}}}\` {http.error.status_code}
	}
}

https://:${gateway.port} {
	${gateway.domain === undefined ? "tls internal" : ACME}
	respond 421
}
`;
}

/** The certificate is proved on the gateway's own port, so that no second port need be open. */
const ACME = `tls {
		issuer acme {
			disable_http_challenge
		}
	}`;

/** The host itself may always ask: that is how the service is verified. IPv6 is open only when everybody is welcome. */
const welcome = (cidrs: readonly string[]) =>
  cidrs.includes("0.0.0.0/0") ? ["0.0.0.0/0", "::/0"] : ["127.0.0.1/32", ...cidrs];
