/** The few paths that share most with what was typed: whole words first, then pairs of letters. */
export function nearestFigures(typed: string, paths: readonly string[], most = 4): readonly string[] {
  const wanted = pairs(typed);
  const score = (path: string): number => {
    const given = pairs(path);
    const shared = [...wanted].filter((pair) => given.has(pair)).length;
    return shared / Math.max(1, Math.sqrt(given.size));
  };
  return paths
    .filter((path) => !/\.\d+\./.test(path))
    .map((path) => ({ path, score: score(path) }))
    .sort((a, b) => b.score - a.score || a.path.localeCompare(b.path))
    .slice(0, most)
    .map(({ path }) => path);
}

const pairs = (text: string): ReadonlySet<string> => {
  const letters = text.toLowerCase().replace(/[^a-z0-9]/g, "");
  return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2)));
};
