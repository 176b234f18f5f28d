import type { Plan } from "../strategy";
import locks from "./locks.json";

/** A file of infra/locks: every package of a version of vLLM with a version of Ray, with its hashes. */
export interface Lock {
  readonly vllm: string;
  readonly ray: string;
  /** Of the file. */
  readonly sha256: string;
}

export const LOCKS: readonly Lock[] = locks;

/** The lock from which hosts install; undefined where there is none for these versions, or hosts bring an environment. */
export function lockOf({ deployment, serving }: Plan): Lock | undefined {
  const { packageSource, vllmVersion, rayVersion } = deployment.serving;
  if (packageSource === "preinstalled") return undefined;
  return LOCKS.find(
    ({ vllm, ray }) => vllm === vllmVersion && (serving.executor !== "ray" || ray === rayVersion),
  );
}

/** Name of its file. */
export const lockFile = ({ vllm, ray }: Lock): string => `vllm-${vllm}-ray-${ray}.txt`;

/** Where the hosts' Python packages come from, and whether anybody has fixed which. */
export function packagesText(plan: Plan): string {
  const { packageSource, packageLocation, packageIndex, vllmVersion } = plan.deployment.serving;
  if (packageSource === "preinstalled")
    return `Python packages are those that the hosts bring in ${packageLocation}: not locked.`;
  const lock = lockOf(plan);
  if (lock !== undefined)
    return `Python packages are locked: the ones of infra/locks/${lockFile(lock)} (SHA-256 ${lock.sha256.slice(0, 8)}), each with its hash.`;
  const from = packageSource === "index" ? (packageIndex ?? "the index") : packageLocation;
  return `Python packages are not locked: what ${from} has on the day that fits vLLM ${vllmVersion}.`;
}
