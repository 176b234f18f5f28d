/** What the shell gets. Stable: scripts and CI depend on it. */
export const EXIT = {
  /** The plan meets every requirement; every other command did what was asked. */
  met: 0,
  /** A mistake in the command line, the configuration or the input. */
  mistake: 1,
  /** `plan`: a requirement is missed; `check`: the line does not start or misses a target; `recommend`: no machine passes; `compare`: no plan meets every requirement. The report still prints. */
  missed: 2,
  /** A bug of shardplan itself (EX_SOFTWARE of sysexits.h). */
  bug: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
