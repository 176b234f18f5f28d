import * as pulumi from "@pulumi/pulumi";
import { DependencyResource } from "@pulumi/pulumi/resource";
import { resetOptions } from "@pulumi/pulumi/runtime";
import type { RemoteLog } from "./remote-command";

/** The engine starts a plugin with its own address as the one argument that is not an option. */
const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));

let connected = false;

/** A log whose lines the engine shows beside the resource; status lines are not kept after the operation. */
export function engineLog(urn: pulumi.URN): RemoteLog {
  if (!connected && engineAddress) {
    resetOptions("", "", 1, engineAddress, "", false, "");
    connected = true;
  }
  const resource = new DependencyResource(urn);
  return {
    status: (line) => void pulumi.log.info(line, resource, 0, true),
    warn: (line) => void pulumi.log.warn(line, resource),
    error: (line) => void pulumi.log.error(line, resource),
  };
}
