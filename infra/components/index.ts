/** `shardplan/pulumi`: a planned model as a component of somebody else's program. */
export { Service, type ServiceOutputs, type WholeServiceArgs } from "./service";
export type { ServiceArgs } from "./service-args";
export { type GivenHost, ServiceOnHosts, type ServiceOnHostsArgs } from "./service-on-hosts";
