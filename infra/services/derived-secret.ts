import { createHmac } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { headOf, type Node } from "./node";

/**
 * A secret that services on several hosts show each other. All need the same one, so it is derived from a secret that
 * the program has anyway: the SSH key of the first host. It need not be stored, and changes when that key does.
 * @param purpose Each has a secret of its own.
 */
export function derivedSecret(nodes: readonly Node[], purpose: string): pulumi.Output<string> {
  return pulumi.secret(
    pulumi
      .output(headOf(nodes).host.connection)
      .apply(({ privateKey }) => createHmac("sha256", `${privateKey}`).update(purpose).digest("hex")),
  );
}
