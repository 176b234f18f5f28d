/** The engine's word for what it had begun and not ended, of what AWS knows: components are among it, too. */
const PENDING = /\* (urn:\S*[$:]aws:[^:$\s]+:\w+::\S+), interrupted while creating/g;

/** AWS's words for a name that is taken. Of what has no name it makes a second one without a word. */
const TAKEN = /InvalidKeyPair\.Duplicate|InvalidPlacementGroup\.Duplicate|ParameterAlreadyExists/;

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
  const pending = [...new Set([...output.matchAll(PENDING)].map(([, urn = ""]) => urn))];
  if (pending.length === 0 || !TAKEN.test(output)) return undefined;
  const commands = pending.map((urn) => `--import-pending-creates '${urn}' --import-pending-creates NAME`);
  return (
    "an earlier pulumi was killed after AWS had made what is taken now; take it into the state, with its name in AWS " +
    `for NAME: pulumi refresh --yes ${commands.join(" ")}; then the same command again`
  );
}
