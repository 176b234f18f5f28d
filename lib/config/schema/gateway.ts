import { z } from "zod";
import { port, textLike } from "./values";

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
    port: port.default(443).describe("HTTPS port of the gateway."),
    allowedCidrs: z
      .array(z.cidrv4())
      .default(["0.0.0.0/0"])
      .describe("Address ranges that may reach the gateway."),
    extraPaths: z
      .array(z.enum(EXTRA_PATHS))
      .default([])
      .describe(
        "Further paths of vLLM to which clients with the key may post, beside completions and chat completions.",
      ),
  })
  .prefault({})
  .describe("The TLS gateway in front of vLLM.");
