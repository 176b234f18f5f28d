import { createRequire } from "node:module";

/** The module as the Automation API itself sees it; what `import` gives is a copy. */
const errors: typeof import("@pulumi/pulumi/errors") = createRequire(__filename)("@pulumi/pulumi/errors");
const { isGrpcError } = errors;
const SERVER = "automation/server.js";

/**
 * Pulumi 3.248 may take an inline program whose connection to the engine broke before it began (UNAVAILABLE, CANCELLED) for
 * one that ended well and wants nothing (`run` in @pulumi/pulumi/automation/server): all resources are deleted. From here on
 * that is an error. The process of an ordinary `pulumi up` exits with a status of its own and is not concerned.
 */
export function failWhereConnectionsBreak(): void {
  Object.assign(errors, {
    isGrpcError: (error: Error) => isGrpcError(error) && !new Error().stack?.includes(SERVER),
  });
}
