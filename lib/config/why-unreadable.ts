const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EISDIR: "is a folder, not a file",
  EACCES: "may not be read by this user",
};

/** Why a file could not be read, in words: what the operating system's code means. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "no reason given";
  return REASONS[code] ?? `cannot be read (${code})`;
}
