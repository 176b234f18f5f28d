/** TCP ports on a host. None of them is for the public; the gateway's own port is in the configuration. */
export const PORTS = {
  /** Ray's control store on the head, as the reference document has it; those of further servers on a host follow. */
  rayHead: 6379,
  /** vLLM's OpenAI-compatible server; those of further servers on a host follow. */
  vllm: 8000,
  /** The gateway without TLS, for programs on the host itself; listens on loopback only. */
  gatewayInside: 7998,
  /** certbot while it proves the gateway's name, behind the gateway's port 80; listens on loopback only. */
  challenge: 7997,
  /** What the gateway counts, for Prometheus; listens on loopback only. */
  gatewayMetrics: 7996,
  /** Ray's metrics on each of its hosts; those of further servers on a host follow. */
  rayMetrics: 7980,
  /** Prometheus on the first host; listens on loopback only. */
  prometheus: 9090,
  /** Alertmanager on the first host; listens on loopback only. */
  alertmanager: 9093,
  /** Defaults of Prometheus's node exporter and of NVIDIA's DCGM exporter. */
  nodeExporter: 9100,
  dcgmExporter: 9400,
} as const;

/** Port on which certificate authorities ask for the proof of a name (RFC 8555, 8.3). */
export const CHALLENGE_PORT = 80;
