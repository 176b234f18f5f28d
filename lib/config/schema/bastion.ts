import { z } from "zod";
import { hostKey } from "./hosts";
import { port } from "./values";

export const bastion = z
  .strictObject({
    address: z
      .string()
      .min(1)
      .optional()
      .describe(
        "SSH server through which the program reaches all machines, as `ssh -J` does. Default: none, they are reached directly.",
      ),
    port: port.default(22).describe("SSH port of the bastion."),
    user: z.string().min(1).default("ubuntu").describe("SSH user on the bastion; needs no rights there."),
    privateKeyPath: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Path of the bastion's SSH private key on this machine (`~/...`, or from the stack file's folder). Default: the secret shardplan:sshPrivateKey.",
      ),
    hostKey: hostKey
      .optional()
      .describe(
        "Public host key of the bastion as `ssh-keyscan -t ed25519 ADDRESS` prints it, without the address. Default: none, and it is needed with bastion.address.",
      ),
  })
  .prefault({})
  .describe("An SSH server on the way to machines that have no address which this machine reaches.");
