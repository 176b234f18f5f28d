/** The world as a command sees it: results go to stdout, talk to stderr. Tests hand in their own. */
export interface Io {
  /** Writes a piece of the result. */
  readonly out: (text: string) => void;
  /** Writes one line for people: notes and errors. */
  readonly talk: (line: string) => void;
  /** Shows what is being done while it takes seconds; each text replaces the one before, and an empty one clears it. */
  readonly progress: (text: string) => void;
  readonly readStdin: () => string;
  /** Colours are wanted and stdout is a terminal. */
  readonly color: boolean;
  /** Columns of the terminal, at most 100. */
  readonly width: number;
  /** The current folder: stack files and relative paths are looked for here. */
  readonly folder: string;
}
