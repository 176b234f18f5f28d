/** A rule over several keys that does not hold. The first key is the one to name. */
export interface CrossProblem {
  readonly keys: readonly string[];
  readonly text: string;
}
