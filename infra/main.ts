import { shardplan } from "./index";

// The Pulumi runtime calls a function that is the module itself, and makes what it returns the stack's outputs.
module.exports = shardplan;
