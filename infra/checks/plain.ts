import type * as pulumi from "@pulumi/pulumi";

/** The value of an output that is always known, such as a configured secret. It stays in this process. */
export const plain = <Value>(output: pulumi.Output<Value>): Promise<Value> =>
  new Promise((resolve) => {
    output.apply((value) => resolve(value as Value));
  });
