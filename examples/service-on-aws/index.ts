/**
 * Qwen3-32B on a p5.48xlarge of its own, in the account of a provider that the program has, every resource tagged by a
 * transform.
 *
 *   pulumi config set --secret sshPrivateKey < key      # ssh-keygen -q -t ed25519 -N '' -f key
 *   pulumi config set sshFrom "$(curl -s https://checkip.amazonaws.com)/32"
 *   pulumi up
 */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { Service } from "shardplan/pulumi";

const config = new pulumi.Config();
const region = "us-east-1";
const account = new aws.Provider("account", { region, defaultTags: { tags: { team: "search" } } });

const service = new Service(
  "qwen",
  {
    deployment: {
      model: { name: "Qwen/Qwen3-32B" },
      hardware: { instanceType: "p5.48xlarge" },
      // As `npx shardplan plan --strategy auto` found it: a plan that serves should not choose anew.
      strategy: { tensorParallel: 2, dataParallel: 4 },
      workload: { requestRate: 4 },
      aws: { region, sshAllowedCidrs: [config.require("sshFrom")] },
    },
    sshPrivateKey: config.requireSecret("sshPrivateKey"),
  },
  {
    provider: account,
    transforms: [
      ({ type, props, opts }) =>
        type === "aws:ec2/instance:Instance"
          ? { props: { ...props, tags: { ...props.tags, "cost-centre": "4711" } }, opts }
          : undefined,
    ],
  },
);

export const endpoint = service.endpoint;
export const apiKeyCommand = service.apiKeyCommand;
