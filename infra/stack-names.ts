import * as pulumi from "@pulumi/pulumi";

/** What the stack is called in an account: project and stack. */
export const accountName = (): string => `${pulumi.getProject()}-${pulumi.getStack()}`;

/** Namespace of the stack's metrics in CloudWatch; its machines may put none into another. */
export const metricsNamespace = (name: string): string => `shardplan/${name}`;

/** The log group to which the stack's machines send what their units say. */
export const logGroupName = (name: string): string => `/shardplan/${name}`;
