import * as pulumi from "@pulumi/pulumi";
import { isGated } from "../lib/catalog";
import type { Deployment } from "../lib/config";
import type { Secrets } from "./configuration";

/**
 * Stops before anything is paid for when the weights are behind a licence on the hub and there is no token: the
 * download comes last, on a machine that has installed all the rest. A preview only warns.
 */
export async function requireHubToken(
  { model }: Deployment,
  { huggingFaceToken }: Pick<Secrets, "huggingFaceToken">,
): Promise<void> {
  if (model.source !== "hub" || !isGated(model.name) || huggingFaceToken !== undefined) return;
  const message =
    `shardplan:huggingFaceToken: is not set, and the hub gives ${model.name} only to accounts that accepted its licence; ` +
    `accept it on https://huggingface.co/${model.name}, then: ` +
    "pulumi config set --secret shardplan:huggingFaceToken; or set shardplan:model.source to bucket or path";
  if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(message);
  await pulumi.log.warn(message);
}
