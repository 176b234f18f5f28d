const read = new Map<string, readonly number[]>();

/** A plan asks for the same few versions some ten thousand times. */
function numbers(version: string): readonly number[] {
  const known = read.get(version);
  if (known !== undefined) return known;
  const parts = (version.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  read.set(version, parts);
  return parts;
}

/** Negative, zero or positive as version `a` is before, equal to or after `b`; compares up to three leading numbers. */
export function compareVersions(a: string, b: string): number {
  const left = numbers(a);
  const right = numbers(b);
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
