/** What the field calls figures that have another name here. */
const OTHER_NAMES: readonly (readonly [RegExp, string])[] = [
  [/ttft/i, "latency.firstToken.p99Ms"],
  [/tpot|itl|inter-?token/i, "latency.decode.p99Ms"],
  [/goodput|capacity/i, "throughput.sustainableRequestRate"],
  [/tp|tensor/i, "strategy.tensorParallel"],
];

/** The few paths that share most with what was typed: its other name first, then those with most pairs of letters. */
export function nearestFigures(typed: string, paths: readonly string[], most = 4): readonly string[] {
  const [, meant = typed] =
    OTHER_NAMES.find(([name]) => new RegExp(`^(${name.source})$`, "i").test(typed)) ?? [];
  const wanted = pairs(meant);
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
