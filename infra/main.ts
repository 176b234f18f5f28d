import * as pulumi from "@pulumi/pulumi";
import { shardplan } from "./index";

/** Status by which Pulumi's Node runtime tells the engine that the user has read what is wrong. */
const ALREADY_LOGGED = 32;

/**
 * The program of `pulumi up`. A user's mistake ends it at once: left to the runtime, the process would stay for
 * about a minute after the message, until its connections to the engine are idle for long enough.
 */
async function main() {
  try {
    return await shardplan();
  } catch (error) {
    if (!pulumi.RunError.isInstance(error)) throw error;
    await pulumi.log.error(error.message);
    process.exit(ALREADY_LOGGED);
  }
}

// The Pulumi runtime calls a function that is the module itself, and makes what it returns the stack's outputs.
module.exports = main;
