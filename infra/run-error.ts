import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../lib/config";

/** Runs `work`; a mistake of the user ends the program with its lines and without a stack trace. */
export function orRunError<Value>(work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw error instanceof UserError ? new pulumi.RunError(error.line) : error;
  }
}
