import type { Plan } from "../strategy";
import { provesName } from "./certificate";

/** Oldest NVIDIA driver branch with CUDA 13, for which vLLM's wheels are built since 0.20. */
export const MINIMUM_DRIVER = 580;

/** Installer of the Python environment: it looks at the driver and picks the matching build of PyTorch. */
export const UV_VERSION = "0.13.9";

/**
 * Debian and Ubuntu packages that the services need on every host. The compiler and Python's headers are for kernels
 * that PyTorch and Triton compile at the first request; without them the server starts and dies at that request.
 */
export function basePackages(plan: Plan): string[] {
  const { serving, model, hosts, firewall, aws } = plan.deployment;
  // The steps make environments of their own for vLLM, and for AWS's command line where the host has none.
  const readsAws =
    model.source === "bucket" || aws.huggingFaceTokenSecret !== undefined || aws.apiKeysSecret !== undefined;
  const makesEnvironment = serving.packageSource !== "preinstalled" || readsAws;
  return [
    ...["ca-certificates", "curl", "iproute2", "jq", "procps"],
    ...["haproxy", "openssl"],
    ...(provesName(plan) ? ["certbot"] : []),
    ...(hosts.length > 0 && firewall.enabled ? ["nftables"] : []),
    ...["g++", "libc6-dev", "libnuma1"],
    ...(makesEnvironment ? ["python3-dev", "python3-venv"] : []),
  ];
}
