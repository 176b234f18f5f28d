import type { Plan } from "../strategy";
import { PORTS } from "./ports";

/** Paths that clients may use, with the key: everything else that vLLM answers stays inside the host. */
const COMPLETION_PATHS = ["/v1/chat/completions", "/v1/completions"];

/** A request may wait for a whole answer of maxModelLen tokens before its first byte when it is not streamed. */
const READ_TIMEOUT = "900s";

/**
 * The gateway's Caddyfile for the address (IP or DNS name) under which clients reach the host.
 *
 * vLLM's own key check leaves paths such as /tokenize, /metrics or /invocations open (its docs/usage/security.md),
 * so the gateway lets through only what is listed here. Streams pass without buffering (`flush_interval -1`).
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
		path ${COMPLETION_PATHS.join(" ")}
	}
	@models {
		method GET
		path /v1/models
	}
	@keyless not header Authorization "Bearer {env.SHARDPLAN_API_KEY}"
	route {
		error @stranger 403
		reverse_proxy @health 127.0.0.1:${PORTS.vllm}
		error @keyless 401
		reverse_proxy @models 127.0.0.1:${PORTS.vllm}
		reverse_proxy @listed 127.0.0.1:${PORTS.vllm} {
			flush_interval -1
			transport http {
				dial_timeout 5s
				response_header_timeout ${READ_TIMEOUT}
				read_timeout ${READ_TIMEOUT}
			}
		}
		error 404
	}
	handle_errors {
		header Content-Type application/json
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
