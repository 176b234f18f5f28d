/**
 * A mistake of the user: printed as one line per problem, without a stack trace.
 * `where` names the config key, file or host; `hint` says what to do.
 */
export class UserError extends Error {
  readonly code: string;
  readonly where: string;
  readonly hint: string;

  constructor(details: { code: string; message: string; where: string; hint: string; cause?: unknown }) {
    super(details.message, { cause: details.cause });
    this.name = "UserError";
    this.code = details.code;
    this.where = details.where;
    this.hint = details.hint;
  }

  /** What a user reads: one line, or one line per problem where an error holds several. */
  get line(): string {
    return `${this.where}: ${this.message}; ${this.hint}`;
  }
}
