import type { Plan } from "../strategy";
import { servedModelName } from "./vllm-arguments";

/** Body of a request to /v1/completions. */
export interface CompletionRequest {
  readonly model: string;
  readonly prompt: string;
  readonly temperature: number;
  readonly max_tokens: number;
}

/** The reference document's verification prompt: one real completion proves more than any health page. */
export function verificationRequest(plan: Plan): CompletionRequest {
  return {
    model: servedModelName(plan),
    prompt: "Hello, how are you?",
    temperature: 0.7,
    max_tokens: 100,
  };
}

/** URL of the gateway for the address under which clients reach the host. */
export function endpointUrl({ deployment: { gateway } }: Plan, address: string): string {
  const host = gateway.domain ?? address;
  return gateway.port === 443 ? `https://${host}` : `https://${host}:${gateway.port}`;
}
