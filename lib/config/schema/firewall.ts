import { z } from "zod";
import { port } from "./values";

export const firewall = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "Close given hosts to all but each other, SSH and the gateway. Without it close them yourself, because ports of Ray and vLLM answer everybody.",
      ),
    openPorts: z
      .array(port)
      .default([])
      .describe("Further TCP ports of given hosts that stay open to everybody."),
  })
  .prefault({})
  .describe("The firewall on given hosts. On AWS the security group does it.");
