import type { Plan } from "../strategy";
import { hostPaths } from "./host-paths";

/** What a server's weights are: the model's, or its drafter's. */
export type WeightsKind = "model" | "draft";

/** What stands behind the names of what is there for a drafter's weights. */
export const weightsSuffix = (kind: WeightsKind): string => (kind === "draft" ? "-draft" : "");

export const weightsUnitName = (kind: WeightsKind): string =>
  `shardplan-weights${weightsSuffix(kind)}.service`;

/** Script that fetches the weights again; it may hold the hub's token, so only root reads it. */
export const weightsScript = (plan: Plan, kind: WeightsKind): string =>
  `${hostPaths(plan).secrets}/fetch-weights${weightsSuffix(kind)}`;

/** Weights that come from elsewhere: the model's unless they are put on the hosts by hand, and a drafter's own. */
export function fetchedWeights({ deployment, draft }: Plan): readonly WeightsKind[] {
  const drafts = draft?.name !== undefined && deployment.serving.speculative.location === undefined;
  return [
    ...(deployment.model.source === "path" ? [] : ["model" as const]),
    ...(drafts ? ["draft" as const] : []),
  ];
}

/**
 * Looks, before each start of vLLM, whether the weights are there, fetches them where they are not, and ends: the local
 * disks of a machine in the cloud are empty after a stop. A disk of their own is waited for, whatever its options.
 */
export const weightsUnit = (plan: Plan, kind: WeightsKind): string => `[Unit]
Description=shardplan: fetches the ${kind === "draft" ? "drafter" : "model"}'s weights where they are gone
Wants=network-online.target
After=network-online.target local-fs.target dlami-nvme.service
RequiresMountsFor=${hostPaths(plan).weights}

[Service]
Type=oneshot
ExecStart=/bin/bash ${weightsScript(plan, kind)}
TimeoutStartSec=4h
UMask=0022
NoNewPrivileges=yes
`;
