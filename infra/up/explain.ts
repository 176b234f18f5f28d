/**
 * What the end of `pulumi up` has to do with an earlier one that was killed, and what to type then; nothing where it has
 * nothing to do with it.
 */
export function explainEnd(output: string): string | undefined {
  if (/currently locked by \d+ lock/.test(output)) {
    return (
      "the stack is locked: another pulumi works on it, or one was killed while it did; " +
      "when none runs any more: pulumi cancel --yes, then the same command again"
    );
  }
  // Beside each file the local backend writes another one of its attributes, and reads nothing while that is empty.
  if (/failed to load checkpoint: EOF/.test(output)) {
    return (
      "pulumi was killed while it wrote a file of the local state: find ~/.pulumi -name '*.attrs' -empty -delete, " +
      "then the same command again"
    );
  }
  return undefined;
}
