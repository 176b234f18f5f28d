import { z } from "zod";
import { port, textLike } from "./values";

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
  })
  .prefault({})
  .describe("The TLS gateway in front of vLLM.");
