/** TCP ports on a host. All but the gateway's are for the hosts themselves, never for the public. */
export const PORTS = {
  /** Ray's control store on the head, as the reference document has it. */
  rayHead: 6379,
  /** vLLM's OpenAI-compatible server; listens on loopback only. */
  vllm: 8000,
} as const;
