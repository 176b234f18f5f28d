/** TCP ports on a host. All but the gateway's are for the hosts themselves, never for the public. */
export const PORTS = {
  /** Ray's control store on the head, as the reference document has it; those of further servers on a host follow. */
  rayHead: 6379,
  /** vLLM's OpenAI-compatible server; those of further servers on a host follow. */
  vllm: 8000,
  /** The balancer between gateway and servers; listens on loopback only. */
  balancer: 7999,
} as const;
