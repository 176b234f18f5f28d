import { progress } from "./progress";

/** The first interrupt, or a reader that went away, ends a rehearsal in order; a second interrupt at once. */
export function interruptible(): AbortSignal {
  const controller = new AbortController();
  for (const stream of [process.stdout, process.stderr]) {
    // Without a listener each write to a closed pipe is an exception, which Pulumi's runtime would log to that pipe.
    stream.on("error", () => controller.abort(new Error("nobody reads what is said")));
  }
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      progress("interrupted: cleaning up (once more to leave everything as it is)");
      controller.abort(new Error("interrupted"));
    });
  }
  return controller.signal;
}
