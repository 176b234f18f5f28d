/** What the field calls figures that have another name here. */
const OTHER_NAMES: readonly (readonly [RegExp, string])[] = [
  [/ttft/i, "latency.firstToken"],
  [/tpot|itl|inter-?token|gap/i, "latency.decode"],
  [/goodput|capacity/i, "throughput.sustainableRequestRate"],
  [/tp|tensor/i, "strategy.tensorParallel"],
];

/** The path of what the field calls otherwise, as in `ttft`, `tpot.p99` or `goodput`; undefined where it is no such word. */
export function otherName(typed: string): string | undefined {
  const [, word = typed, percentile] = /^(.*)\.(p50|p99)$/.exec(typed) ?? [];
  const [, path] = OTHER_NAMES.find(([name]) => new RegExp(`^(${name.source})$`, "i").test(word)) ?? [];
  return path === undefined || percentile === undefined ? path : `${path}.${percentile}Ms`;
}

/** The few paths that share most pairs of letters with what was typed. */
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
