import assert from "node:assert/strict";
import { ConfigError } from "../../../lib/config";

/** The lines of the `ConfigError` that `run` throws. */
export function problemLines(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ConfigError, `not a ConfigError: ${String(error)}`);
    return error.line.split("\n");
  }
  return [];
}
