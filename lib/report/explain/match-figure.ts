/**
 * Whether a dotted figure matches a pattern: `*` stands for one segment, a last `**` for one or more.
 * `memoryPerGpu.weightsBytes` matches itself, `memoryPerGpu.*` and `**`.
 */
export function matchesFigure(pattern: string, figure: string): boolean {
  const wanted = pattern.split(".");
  const given = figure.split(".");
  if (wanted.at(-1) === "**") {
    const head = wanted.slice(0, -1);
    return given.length > head.length && segmentsMatch(head, given.slice(0, head.length));
  }
  return wanted.length === given.length && segmentsMatch(wanted, given);
}

/** Patterns with fewer wildcards say more: they are asked first. */
export function bySpecificity(a: string, b: string): number {
  return wildcards(a) - wildcards(b);
}

const segmentsMatch = (wanted: readonly string[], given: readonly string[]): boolean =>
  wanted.every((segment, index) => segment === "*" || segment === given[index]);

const wildcards = (pattern: string): number =>
  pattern.split(".").reduce((sum, segment) => sum + (segment === "**" ? 10 : segment === "*" ? 1 : 0), 0);
