import { UserError } from "../config";

type Mistake = Pick<UserError, "code" | "message" | "where" | "hint" | "line">;

/** What another thread answers. A mistake of the user goes as plain data, since an error's class does not cross threads. */
export type Answer<T> = { readonly value: T } | { readonly mistake: Mistake };

class RelayedError extends UserError {
  readonly #line: string;

  constructor({ line, ...details }: Mistake) {
    super(details);
    this.#line = line;
  }

  override get line(): string {
    return this.#line;
  }
}

/** What comes of `compute`, as it can be sent. What is no mistake of the user is thrown: it keeps its stack on its way. */
export function answer<T>(compute: () => T): Answer<T> {
  try {
    return { value: compute() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, message, where, hint, line } = error;
    return { mistake: { code, message, where, hint, line } };
  }
}

/** What another thread computed. Throws its `UserError` again, with the line that a user reads. */
export function answeredValue<T>(given: Answer<T>): T {
  if ("mistake" in given) throw new RelayedError(given.mistake);
  return given.value;
}
