import { z } from "zod";
import { countUpTo, MOST, port, textLike } from "./values";

/** What vLLM answers to a POST with a request's own data, and nothing about the server or other requests. */
const EXTRA_PATHS = [
  "/v1/responses",
  "/v1/embeddings",
  "/v1/score",
  "/v1/rerank",
  "/tokenize",
  "/detokenize",
] as const;

export const gateway = z
  .strictObject({
    domain: textLike(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i, "a DNS name such as llm.example.com")
      .optional()
      .describe(
        "Public DNS name; with it the gateway gets a certificate by ACME, without it it makes its own.",
      ),
    hostedZoneId: textLike(/^Z[A-Z0-9]+$/, "the id of a hosted zone such as Z0123456789ABCDEFGHIJ")
      .optional()
      .describe(
        "Route 53 hosted zone of gateway.domain, in which the program makes the record. Default: it says which record to set.",
      ),
    ownCertificate: z
      .boolean()
      .default(false)
      .describe(
        "Take the certificate of gateway.domain and its key from the secrets shardplan:certificate and shardplan:certificateKey instead of ACME.",
      ),
    recordWaitMinutes: countUpTo(1440).default(15).meta({
      unit: "minutes",
      description:
        "How long `up` waits until gateway.domain points to the gateway, before its first public certificate.",
    }),
    port: port.default(443).describe("HTTPS port of the gateway."),
    allowedCidrs: z
      .array(z.cidrv4())
      .default(["0.0.0.0/0"])
      .describe("Address ranges that may reach the gateway."),
    on: z
      .enum(["first", "all"])
      .default("first")
      .describe(
        "Hosts with a gateway: the first, or each, so that clients (through DNS or a load balancer) still reach the others when one is gone.",
      ),
    extraPaths: z
      .array(z.enum(EXTRA_PATHS))
      .default(["/v1/responses"])
      .describe(
        "Further paths of vLLM to which clients with the key may post, beside completions and chat completions.",
      ),
    maxBodyMb: countUpTo(1000)
      .default(10)
      .meta({ unit: "MB", description: "Longest body of a request in MB; longer ones are answered 413." }),
    requestsPerMinutePerKey: countUpTo(MOST.requests).optional().meta({
      unit: "requests/minute",
      description:
        "Requests that each key may send in a minute, at each gateway; more are answered 429. Default: no limit. What the service as a whole cannot serve, serving.maxQueuedRequests turns away.",
    }),
    concurrentRequestsPerKey: countUpTo(MOST.sequences).optional().meta({
      unit: "requests",
      description:
        "Requests that each key may have running at once, at each gateway; more are answered 429. Default: no limit.",
    }),
  })
  .prefault({})
  .describe("The TLS gateway in front of vLLM.");
