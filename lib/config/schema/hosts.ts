import { z } from "zod";
import { port, textLike } from "./values";

export const hostKey = textLike(
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{16,}={0,3}( .*)?$/,
  "a public host key such as `ssh-ed25519 AAAA...`",
);

/** One existing machine, reached over SSH. */
export const host = z.strictObject({
  address: z.string().min(1).describe("Address that the program reaches over SSH."),
  privateAddress: z
    .string()
    .min(1)
    .optional()
    .describe("Address that the other hosts use. Default: address."),
  port: port.default(22).describe("SSH port."),
  user: z.string().min(1).default("root").describe("SSH user: root, or one with password-free sudo."),
  privateKeyPath: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Path of the SSH private key on this machine (`~/...`, or from the stack file's folder). Default: the secret shardplan:sshPrivateKey.",
    ),
  hostKey: hostKey.describe(
    "Public host key as `ssh-keyscan -t ed25519 ADDRESS` prints it, without the address. Always verified.",
  ),
});

export const hosts = z
  .array(host)
  .default([])
  .describe("Existing machines to deploy to. When given, no AWS resource is made.");
