import { createRequire } from "node:module";

// The modules as the Automation API itself sees them; what `import` gives are copies.
const own = createRequire(__filename);
const errors: typeof import("@pulumi/pulumi/errors") = own("@pulumi/pulumi/errors");
const settings: { readonly grpcClientOptions: Record<string, unknown> } = own(
  "@pulumi/pulumi/runtime/settings",
);

/** With what the Automation API connects to an engine. */
export const connectionOptions = settings.grpcClientOptions;

const { isGrpcError } = errors;
/** As stack traces name it, with source maps and without. */
const SERVER = /automation\/server\.[jt]s/;

/**
 * Makes many inline programs safe in one process.
 *
 * Connections of an engine that was killed go on trying its ports, and gRPC shares what it knows of an address: an engine that
 * is later given one of those ports would not be reached ("connect ECONNREFUSED", though it listens). Each connection keeps
 * its knowledge to itself from here on.
 *
 * Pulumi 3.248 takes an inline program whose connection broke before it began (UNAVAILABLE, CANCELLED) for one that ended well
 * and wants nothing (`run` in @pulumi/pulumi/automation/server): all resources are deleted. From here on that is an error. The
 * process of an ordinary `pulumi up` exits with a status of its own and is not concerned.
 */
export function makeInlineProgramsSafe(): void {
  Object.assign(connectionOptions, { "grpc.use_local_subchannel_pool": 1 });
  Object.assign(errors, {
    isGrpcError: (error: Error) => isGrpcError(error) && !SERVER.test(new Error().stack ?? ""),
  });
}
