/**
 * Qwen3-8B on one machine that somebody else made: its address may be an output of any resource.
 *
 *   pulumi config set address 192.0.2.10
 *   pulumi config set hostKey "$(ssh-keyscan -t ed25519 192.0.2.10 | cut -d' ' -f2-)"
 *   pulumi config set --secret privateKey < ~/.ssh/id_ed25519
 *   pulumi up
 */
import * as pulumi from "@pulumi/pulumi";
import { ServiceOnHosts } from "shardplan/pulumi";

const config = new pulumi.Config();

const service = new ServiceOnHosts("qwen", {
  deployment: {
    model: { name: "Qwen/Qwen3-8B" },
    hardware: { instanceType: "custom", gpu: "L40S", gpusPerNode: 1 },
    workload: { requestRate: 1 },
  },
  hosts: [
    {
      address: config.require("address"),
      port: config.getNumber("port") ?? 22,
      privateKey: config.requireSecret("privateKey"),
      hostKey: config.require("hostKey"),
    },
  ],
});

export const endpoint = service.endpoint;
export const certificateAuthority = service.certificateAuthority;
export const apiKeyCommand = service.apiKeyCommand;
